"""`crnn_peer`, which reads lines together with `crnn`: the same network, which has learned apart from it.

Two readers that have learned apart err apart, and the mean of both is right more often than either.

Source: Hansen and Salamon 1990, "Neural Network Ensembles", IEEE Transactions on Pattern Analysis and Machine
Intelligence 12 (10). Digits are those of `crnn`. The exported weights went on from those of version 1
(`--first-weights`), which had learned 78 epochs of numbers without signs.

Expected: see `docs/results.md`, together with `crnn`.
Time: about 35 minutes on two cores (AMD EPYC, no GPU).
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
    num_epochs=8,
    numbers_per_epoch=14_000,
    first_style=CLEAN,
    styles=(
        Portion(0.25, replace(STACKED, bend_chance=BEND_CHANCE, low_chance=LOW_CHANCE)),
        Portion(0.35, replace(CLEAN, bend_chance=BEND_CHANCE, low_chance=LOW_CHANCE, sign_chance=0.05)),
        Portion(0.4, replace(HARD, bend_chance=BEND_CHANCE, round_chance=0.2, joined_chance=0.6, sign_chance=0.12)),
    ),
    learning_rate=6e-4,
    precision="mixed_bfloat16",
    seed=20261125,
)
