"""The CTC loss, on any backend."""

import keras
from keras import ops

from service.recognition.alphabet import BLANK, OTHER

BEARABLE_LOSS = 0.7  # nats per symbol: as unsure as between two digits
HOPELESS_LOSS = 1e4  # TensorFlow's kernel says infinity where a probability has fallen to 0 in float32


def ctc_loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """Minus the log of the probability of each label, summed over all paths that spell it.

    Args:
        targets: int32 (batch, max_length), class indices, filled up with blanks.
        logits: float32 (batch, num_frames, num_classes), every frame of which counts.

    Returns:
        float32 (batch,).

    Source: Graves et al. 2006, "Connectionist Temporal Classification", ICML.
    """
    # TensorFlow's kernel refuses an empty label. Its only path is blank in every frame, so its loss is a plain sum.
    is_empty = ops.all(ops.equal(targets, BLANK), axis=-1)
    anything = ops.concatenate([ops.full_like(targets[:, :1], OTHER), ops.full_like(targets[:, 1:], BLANK)], axis=-1)
    losses = _path_loss(ops.where(is_empty[:, None], anything, targets), logits)
    blank_losses = -ops.sum(ops.log_softmax(logits, axis=-1)[:, :, BLANK], axis=-1)
    return ops.where(is_empty, blank_losses, losses)


def forgiving_ctc_loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    """`ctc_loss`, in which numbers that nobody could read hardly count.

    On the hardest of the composed pages some numbers can no longer be seen. Their losses are a hundred times those of
    all others, and what is learned from them is to guess. So a number with more than `BEARABLE_LOSS` per symbol counts
    the less the further it is above. To the gradient its weight is a constant. Where all numbers are far above, as
    before anything is learned, the weights change little but the scale, which the optimizer does not see.
    """
    losses = ops.minimum(ctc_loss(targets, logits), HOPELESS_LOSS)
    num_symbols = ops.cast(ops.sum(ops.cast(ops.not_equal(targets, BLANK), "int32"), axis=-1), losses.dtype)
    excess = losses / (BEARABLE_LOSS * (1.0 + num_symbols))
    return losses * ops.stop_gradient(ops.maximum(excess, 1.0) ** -3.0)


def _path_loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        # Sparse labels take the CPU kernel; dense ones are computed by a graph of small operations, much slower.
        num_frames = tf.fill([tf.shape(logits)[0]], tf.shape(logits)[1])
        labels = tf.sparse.from_dense(tf.cast(targets, tf.int32))
        return tf.nn.ctc_loss(
            labels, logits, label_length=None, logit_length=num_frames, logits_time_major=False, blank_index=BLANK
        )
    lengths = ops.sum(ops.cast(ops.not_equal(targets, BLANK), "int32"), axis=-1)
    num_frames = ops.full_like(lengths, ops.shape(logits)[1])
    return ops.ctc_loss(targets, logits, lengths, num_frames, mask_index=BLANK)
