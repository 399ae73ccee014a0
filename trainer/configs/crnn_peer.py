"""`crnn_peer`, which reads lines together with `crnn`: the same network, which has never seen a sign beside a digit.

Two readers that have learned apart err apart, and the mean of both is right more often than either. A reader that
learns what `$` and `/` are reads amounts without them worse; this one has not, and the views of a hard line are shared
by both.

Source: Hansen and Salamon 1990, "Neural Network Ensembles", IEEE Transactions on Pattern Analysis and Machine
Intelligence 12 (10). Digits are those of `crnn`. The exported weights of version 2 are those that `crnn` 6 to 10 had;
they went on from those of two trainings before (`--first-weights`, named in the manifest): 26 epochs of numbers without
boxes, bent digits, round endings and the newer shapes of `penned.py`, then 26 with them and without small pictures.

Expected: 98.3 % of ZIP codes from digits of one test writer, 83 % of real cheque amounts, on its own.
Time: about 130 minutes on two cores (AMD EPYC, no GPU).
Command: python -m trainer train crnn_peer --data DIR
"""

from dataclasses import replace

from trainer.configs.crnn import BEND_CHANCE, LOW_CHANCE
from trainer.data.lines.style import CLEAN, HARD, STACKED
from trainer.reader.config import Portion, ReaderConfig

CONFIG = ReaderConfig(
    name="crnn_peer",
    heads=("convolutional",),
    serves="convolutional",
    num_epochs=30,
    numbers_per_epoch=14_000,
    first_style=CLEAN,
    styles=(
        Portion(0.25, replace(STACKED, bend_chance=BEND_CHANCE, low_chance=LOW_CHANCE)),
        Portion(0.35, replace(CLEAN, bend_chance=BEND_CHANCE, low_chance=LOW_CHANCE)),
        Portion(0.4, replace(HARD, bend_chance=BEND_CHANCE, round_chance=0.2, joined_chance=0.6)),
    ),
    learning_rate=7e-4,
    precision="mixed_bfloat16",
    seed=20260229,
)
