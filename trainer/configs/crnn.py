"""`crnn`, the default reader of whole numbers: convolutions and CTC, on composed numbers.

Two heads are trained, a bidirectional LSTM and convolutions along the line. The second read the validation writers
better, and serves.

Source: Shi, Bai and Yao 2015 (see `trainer/reader/network.py`); how numbers are composed:
`trainer/data/lines`. Digits are those of MNIST's training writers, bhmsds and print.

Expected: 96 % of ZIP codes from digits of one test writer, 74 % of real cheque amounts.
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
