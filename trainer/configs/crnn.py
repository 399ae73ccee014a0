"""`crnn`, the default reader of whole numbers: convolutions, CTC, and beside a bidirectional LSTM a second head of
convolutions along the line, on composed numbers. The second head read the validation writers better, and serves.

Source: Shi, Bai and Yao 2015 (see `trainer/reader/network.py`); the composition follows what is known of hard pages (see
`trainer/data/lines`). Digits are those of MNIST's training writers, bhmsds and print.

Expected: see `docs/results.md`.
Time: about two hours on two cores (AMD EPYC, no GPU).
Command: python -m trainer train crnn --data DIR
"""

from trainer.data.lines.style import CLEAN, HARD
from trainer.reader.config import ReaderConfig

CONFIG = ReaderConfig(
    name="crnn",
    heads=("recurrent", "convolutional"),
    serves="convolutional",
    num_epochs=38,
    numbers_per_epoch=14_000,
    first_style=CLEAN,
    style=HARD,
    first_share=0.6,
    learning_rate=1e-3,
    precision="mixed_bfloat16",
)
