"""`cnn_distilled`: `cnn` once more, taught by `ensemble` beside the labels.

Source: Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", arXiv 1503.02531; teacher and
student see the same bent canvas, as Beyer et al. 2021, "Knowledge Distillation: A Good Teacher is Patient and
Consistent", arXiv 2106.05237, found best. The number of epochs was fixed beforehand.

Expected: as much as `cnn`: 5,905 of the 5,921 clean digits of the calibration writers, whom neither has learned from,
and `cnn` 5,904; 99.68 % of MNIST's 10,000 test digits (docs/history.md). `evaluate` compares the two.
Time: about 130 s of processor time an epoch (AMD EPYC, no GPU), a third of it the teacher's.
Command: python -m trainer train cnn_distilled --data DIR
"""

from trainer.configs import cnn
from trainer.distil.config import distilled

CONFIG = distilled(
    cnn.CONFIG,
    name="cnn_distilled",
    seed=20240303,
    teacher="ensemble",
    rival="cnn",
    soft_share=0.8,
    soften=2.0,
)
