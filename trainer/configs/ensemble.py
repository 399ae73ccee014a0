"""`ensemble`: `cnn` and four more networks of two architectures; the mean of their calibrated log-probabilities.

Source: networks that err in different places, averaged; Lakshminarayanan, Pritzel and Blundell 2017, "Simple and
Scalable Predictive Uncertainty Estimation using Deep Ensembles", arXiv 1612.01474. Five of them and two bodies, after
Deotte 2018 (see `trainer/architectures/strided_cnn.py`), whose fifteen gain 0.1 points over one. The members differ
from `cnn` in body, seed and schedule: after one cycle of 14 epochs they read less than `cnn` alone, and so did their
mean (docs/history.md), so they get a second one.

Expected: 99.70 % of MNIST's 10,000 test digits.
Time: 28 epochs for each member, about 85 s of processor time an epoch for a `strided_cnn` and 160 s for a `cnn_five`
(AMD EPYC, no GPU).
Command: python -m trainer train ensemble --data DIR
"""

from dataclasses import replace

from trainer.config import Config, Schedule
from trainer.configs import cnn
from trainer.ensemble.config import EnsembleConfig


def _member(name: str, architecture: str, seed: int) -> Config:
    """`cnn` in another body, from another start, in two short cycles."""
    return replace(
        cnn.CONFIG,
        name=name,
        architecture=architecture,
        schedule=Schedule("two_cycles", learning_rate=3e-3, warmup_share=0.15),
        num_epochs=28,
        augmentation=replace(cnn.AUGMENTATION, calm_epochs=3),
        seed=seed,
    )


CONFIG = EnsembleConfig(
    name="ensemble",
    lead=cnn.CONFIG,
    others=(
        _member("five-1", "cnn_five", 1),
        _member("strided-2", "strided_cnn", 2),
        _member("five-3", "cnn_five", 3),
        _member("strided-4", "strided_cnn", 4),
    ),
)
