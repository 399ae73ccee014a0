"""Training of a sequence reader, from composed numbers to its weights. Running it again goes on where it stopped."""

import math
import time
from pathlib import Path

import keras
import numpy as np

from trainer.averaging import averaged_weights
from trainer.data.lines.golden import golden_lines
from trainer.provenance import describe_sitting
from trainer.reader.batches import Batch, LineBatches
from trainer.reader.config import ReaderConfig
from trainer.reader.first_weights import begin_with, require_begun_with
from trainer.reader.loss import forgiving_ctc_loss
from trainer.reader.network import build_reader
from trainer.runs import KEPT_FILE, STATE_FILE, HistoryRow, Run

_NUM_STATISTICS_BATCHES = 150


def train_reader(
    config: ReaderConfig, data_dir: Path, run: Run[ReaderConfig], *, first_weights: Path | None = None
) -> Path:
    """Train a config and leave its weights, its history and a checkpoint in the run's folder.

    Seeds fix the first weights and the numbers; dropout after a resumption is not what it would have been without.

    Args:
        config: the experiment.
        data_dir: see `LineBatches`.
        run: where it is kept.
        first_weights: of another run or an exported reader, see `begin_with`; None begins afresh.

    Returns:
        The file with the delivered weights: the average over the last steps.

    Raises:
        TrainerError: data is missing, the folder holds a run of another config, or the first weights cannot be read,
            fit nowhere, or are not those that the run began with.
    """
    run.open()
    checkpoint = run.latest_checkpoint()
    history = checkpoint.history if checkpoint else []
    if first_weights and checkpoint:
        require_begun_with(first_weights, run)
    if run.weights_path.exists():
        print(f"{run.folder} is finished, after {len(history)} epochs. Remove the folder to train again.")
        return run.weights_path

    keras.utils.set_random_seed(config.seed + len(history))
    model = build_reader(config.heads, precision=config.precision)
    if first_weights and not checkpoint:
        begin_with(model, first_weights, run)
    model.compile(
        optimizer=keras.optimizers.AdamW(
            config.learning_rate,
            weight_decay=config.weight_decay,
            clipnorm=1.0,
            use_ema=True,
            ema_momentum=config.ema_momentum,
        ),
        loss=dict.fromkeys(config.heads, forgiving_ctc_loss),
        loss_weights={head: config.second_weight if index else 1.0 for index, head in enumerate(config.heads)},
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    if checkpoint:
        model.optimizer.build(model.trainable_variables)  # without its variables, their saved values would be skipped
        model.load_weights(checkpoint.folder / STATE_FILE)
        print(f"Going on after epoch {len(history)} of {config.num_epochs}.")

    composed = LineBatches(config, data_dir)
    try:
        run.note_sitting(describe_sitting(composed.splits(), first_epoch=len(history) + 1))
        for epoch in range(len(history), config.num_epochs):
            batches = composed.epoch(epoch)
            started = time.monotonic()
            losses = []
            for index, (canvases, targets) in enumerate(batches):
                model.optimizer.learning_rate = rate_at(config, (epoch + index / len(batches)) / config.num_epochs)
                losses.append(model.train_on_batch(canvases, dict.fromkeys(config.heads, targets), return_dict=True))
            row = {name: float(np.mean([loss[name] for loss in losses])) for name in losses[0]}
            history.append({"epoch": epoch + 1, **row, "seconds": time.monotonic() - started})
            folder = run.new_checkpoint_folder()
            model.save_weights(folder / STATE_FILE)
            with averaged_weights(model):
                model.save_weights(folder / KEPT_FILE)
            run.commit_checkpoint(folder, history)
            report(history)
        delivered = build_reader(config.heads)
        delivered.load_weights(run.kept_weights())
        _measure_batch_statistics(delivered, composed.epoch(config.num_epochs - 1))
    finally:
        composed.close()
    run.deliver(delivered, golden_lines(), output=config.serves)
    return run.weights_path


def report(history: list[HistoryRow]) -> None:
    """Print a line about the epoch that has just been kept."""
    print(", ".join(f"{name} {value:.4g}" for name, value in history[-1].items()))


def rate_at(config: ReaderConfig, progress: float) -> float:
    """Learning rate after this share of the training: up in a line, down to zero along a cosine."""
    if progress < config.warmup_share:
        return config.learning_rate * max(0.01, progress / config.warmup_share)
    share = (progress - config.warmup_share) / (1 - config.warmup_share)
    return config.learning_rate * 0.5 * (1 + math.cos(math.pi * share))


def _measure_batch_statistics(model: keras.Model, batches: list[Batch]) -> None:
    """Set the means and variances of batch normalization to those that the averaged weights give."""
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for num_seen, (canvases, _) in enumerate(batches[:_NUM_STATISTICS_BATCHES]):
        # With this momentum, what is there weighs as much as all batches before: the plain mean over batches.
        for layer in layers:
            layer.momentum = num_seen / (num_seen + 1)
        model(canvases, training=True)
