"""A second opinion on how many digits there are, where a classifier is not quite sure that it sees one.

The classifier sees a canvas of 28 pixels, on which all that stands in the picture has been made as small as it must be;
of a number written out in full, little more is left there than of a letter. A sequence reader sees the line at its own
height, and has learned to count. It takes as long as all the rest of a reading, so it is asked about the few pictures
among which the others are.
"""

import numpy as np

from service.recognition.alphabet import text_of
from service.recognition.ctc import greedy_label, label_log_probs
from service.recognition.policy import Reason
from service.recognition.prediction import DigitReading
from service.recognition.probability import Logits, softmax

# Confidences from which on nobody counts again; of single digits in photographs a tenth are below. Clean pictures are
# read by the thousand, and a lower one asks about 0.5 % of them.
CERTAIN_FROM = 0.98
CLEAN_CERTAIN_FROM = 0.8
LEAST_PROB = 0.5  # of the likeliest number, below which it says nothing about how many digits there are


def is_doubtful(reading: DigitReading, *, is_clean: bool) -> bool:
    """Whether the digits of a picture are to be counted again.

    Args:
        reading: of its one digit.
        is_clean: of the picture, see `service.recognition.ink.Ink`.
    """
    if reading.digit is None:
        return reading.reason is Reason.NOT_A_DIGIT
    return reading.confidence < (CLEAN_CERTAIN_FROM if is_clean else CERTAIN_FROM)


def shows_several(logits: Logits, *, temperature: float, confidence: float) -> bool:
    """Whether a sequence reader sees a number of two digits or more, and is as sure of it as another is of one digit.

    Args:
        logits: float32 (num_frames, 12), of the whole picture as one line.
        temperature: of the reader on its own.
        confidence: of the one digit, 0 to 1; 0 where no digit was read. On squared paper and under falling shadows
            a reader sees digits beside the one; a classifier that is surer than it is right then.
    """
    probs = softmax(logits, temperature=temperature)
    label = greedy_label(probs)
    prob = float(np.exp(label_log_probs(probs, [label])[0]))
    return len(text_of(label)) > 1 and prob >= max(LEAST_PROB, confidence)
