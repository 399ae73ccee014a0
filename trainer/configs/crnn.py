"""`crnn`, the default reader of whole numbers: convolutions and CTC, on composed numbers.

It has the convolutional head alone, which read fives and cheques better than a bidirectional LSTM; `crnn_recurrent`
trains both.

Source: Shi, Bai and Yao 2015 (see `trainer/reader/network.py`); how numbers are composed:
`trainer/data/lines`. Digits are those of MNIST's training writers, bhmsds, drawn and printed ones. The exported weights
went on from those of `crnn_peer` 2 and were trained twice by this recipe (`--first-weights`, named in the manifest),
first with signs in 15 % of the hard numbers, then as below.

Expected: see `docs/results.md`, together with its peer.
Time: about 65 minutes on two cores (AMD EPYC, no GPU).
Command: python -m trainer train crnn --data DIR
"""

from dataclasses import replace

from trainer.data.lines.style import CLEAN, HARD, STACKED
from trainer.reader.config import Portion, ReaderConfig

BEND_CHANCE = 0.4  # of a digit; the sets that are measured on hold digits as they were written
LOW_CHANCE = 0.4  # of a tidy number to be a small picture, as digits of 20 pixels side by side are

CONFIG = ReaderConfig(
    name="crnn",
    heads=("convolutional",),
    serves="convolutional",
    num_epochs=15,
    numbers_per_epoch=14_000,
    first_style=CLEAN,
    styles=(
        Portion(0.25, replace(STACKED, bend_chance=BEND_CHANCE, low_chance=LOW_CHANCE)),
        Portion(0.35, replace(CLEAN, bend_chance=BEND_CHANCE, low_chance=LOW_CHANCE, sign_chance=0.05)),
        Portion(0.4, replace(HARD, bend_chance=BEND_CHANCE, round_chance=0.2, joined_chance=0.6, sign_chance=0.12)),
    ),
    learning_rate=6e-4,
    precision="mixed_bfloat16",
    seed=20261124,
    peer="crnn_peer",
)
