"""What a classifier that has learned from EMNIST is calibrated on: images of EMNIST that no weight was fitted on.

None of them shows anything but a character: a network without a gate has no way to reject the others.
"""

from trainer.data.calibration import PHOTOGRAPH_SEED, CalibrationPictures
from trainer.data.judged import LabeledPictures, photographed
from trainer.data.mnist import Mnist

_NUM_PHOTOGRAPHED = 3_000  # about a hundredth of a second each; enough to settle a temperature


def load_emnist_calibration(emnist: Mnist) -> CalibrationPictures:
    """The calibration images as they are, and some of them photographed."""
    characters = emnist.train.take(emnist.splits.calibration)
    return CalibrationPictures(
        clean=LabeledPictures([*characters.canvases[..., 0]], characters.labels),
        # EMNIST's files are in no order, so the first are as good as any.
        other=photographed(characters.take(slice(_NUM_PHOTOGRAPHED)), seed=PHOTOGRAPH_SEED),
    )
