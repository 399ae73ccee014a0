"""Asking a digit classifier about each digit that a reader has seen in a line.

A reader sees a whole line at a height of 26 px and knows best where the digits are and how many. A digit classifier
sees one digit, cut out and placed as all it was trained on, and knows best which digit it is. So the reader looks
first; what it saw is cut out (`second_look_crops`) and shown to the classifier; and what the classifier says is added
to the reader's own frames as further evidence:

    logits of digit d about a symbol  +  weight * trust in the cut * log p(d | picture of the symbol)

What all digits of a frame weigh together is left as it was, beside the blank and the mark `?`: the classifier is never
asked whether there is a digit, only which. Nothing else changes: search, constraints, confidence and alternatives work
on such frames as on any.

Source: Bourlard and Morgan 1994, "Connectionist Speech Recognition", for evidence of two models added as logarithms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from service.recognition.alphabet import DIGITS, OTHER_MARK, class_of_digit
from service.recognition.canvas import DigitCanvas, digit_canvas
from service.recognition.ctc import Span, align, greedy_label
from service.recognition.digit_boxes import column_of
from service.recognition.image import GrayImage
from service.recognition.line_canvas import PlacedLine
from service.recognition.prediction import NUM_DIGITS
from service.recognition.probability import Logits, softmax
from service.recognition.second_look_crops import symbol_crops

PARTED_TRUST = 0.25  # of the weight, for a digit that had to be parted from its neighbor; chosen on calibration writers
LEAST_SHARE = 1e-4  # of belief that a digit keeps, however sure the classifier is of another; a crop may be a bad one

_DIGITS = slice(class_of_digit(0), class_of_digit(len(DIGITS) - 1) + 1)


@dataclass(frozen=True, slots=True)
class FirstLook:
    """The digits that a reader saw in a line.

    Attributes:
        spans: of each digit, the frames in which its evidence counts: its own, and half of the way to its neighbors.
        canvases: of each, what a digit classifier is to see.
        trust: of each, how far what it says of the canvas holds for the digit, 0 to 1.
    """

    spans: tuple[Span, ...]
    canvases: tuple[DigitCanvas, ...]
    trust: tuple[float, ...]


def first_look(logits: Logits, line: GrayImage, placed: PlacedLine) -> FirstLook:
    """Cut out the digits of the likeliest path.

    Args:
        logits: float32 (num_frames, 12), what the reader says about `placed`.
        line: uint8 (height, width), the ink that was placed; paper 0.
        placed: where it is on the canvas.
    """
    probs = softmax(logits)
    label = greedy_label(probs)
    found = align(probs, label) if label else ()
    columns = [column_of(span.first_frame, span.last_frame, placed, line.shape[1]) for span in found]
    crops = symbol_crops(line, columns)
    spans, canvases, trust = [], [], []
    for symbol, span, crop in zip(label, _widened(found, len(probs)), crops, strict=True):
        if symbol != OTHER_MARK and crop.ink.any():
            spans.append(span)
            canvases.append(digit_canvas(crop.ink))
            trust.append(PARTED_TRUST if crop.is_parted else 1.0)
    return FirstLook(tuple(spans), tuple(canvases), tuple(trust))


def second_look(
    logits: Logits, look: FirstLook, digit_logits: Sequence[Logits], *, weight: float, temperature: float
) -> Logits:
    """The reader's frames with what a digit classifier says about each digit.

    Args:
        logits: float32 (num_frames, 12), of the reader.
        look: the digits.
        digit_logits: of each, float32 (10,) or (12,), the classifier's raw scores.
        weight: of its evidence beside the reader's, 0 or more.
        temperature: divisor of the classifier's logits.

    Returns:
        float32 (num_frames, 12).
    """
    if not look.spans or weight == 0.0:
        return logits
    fused = logits.copy()
    evidence = _evidence(np.stack(digit_logits), temperature)
    for span, trust, of_digits in zip(look.spans, look.trust, evidence, strict=True):
        frames = slice(span.first_frame, span.last_frame + 1)
        before = logits[frames, _DIGITS]
        after = before + weight * trust * of_digits
        fused[frames, _DIGITS] = after + (_log_sum(before) - _log_sum(after))
    return fused


def _evidence(digit_logits: Logits, temperature: float) -> NDArray[np.float32]:
    """What speaks against each digit: float32 (n, 10), 0 for the likeliest and negative for the others.

    As far as the classifier sees no digit, or several, it does not know which one it is: that share of its belief goes
    to all of them alike, so that a spoiled crop says nothing.
    """
    probs = softmax(digit_logits, temperature=temperature)
    refused = probs[:, NUM_DIGITS:].sum(axis=1, keepdims=True)
    shares = np.maximum(probs[:, :NUM_DIGITS] + refused / NUM_DIGITS, LEAST_SHARE)
    evidence: NDArray[np.float32] = np.log(shares / shares.max(axis=1, keepdims=True)).astype(np.float32)
    return evidence


def _log_sum(logits: NDArray[np.float32]) -> NDArray[np.float32]:
    """What all classes of a row weigh together, as a logarithm: float32 (n, 1)."""
    largest = logits.max(axis=1, keepdims=True)
    total: NDArray[np.float32] = largest + np.log(np.exp(logits - largest).sum(axis=1, keepdims=True))
    return total


def _widened(spans: Sequence[Span], num_frames: int) -> list[Span]:
    """Spans up to the middle between neighbors: a doubtful digit may be written a frame beside its likeliest place."""
    cuts = [(left.last_frame + right.first_frame) // 2 + 1 for left, right in pairwise(spans)]
    return [Span(first, last - 1) for first, last in pairwise([0, *cuts, num_frames])] if spans else []
