"""`crnn_peer`, whom `crnn` asks about clean lines: the same network, which has learned from other numbers.

Two readers that have learned apart err apart: where one is not sure, the mean of both is right more often than either.
The peer learns from tidy and from hard numbers alone. The exported weights are those of the exported `crnn` 4, which
were trained by this recipe, beginning with the first three blocks of a narrower network; `crnn` has gone on from them
for 56 epochs with boxed, bent and small digits.

Source: Hansen and Salamon 1990, "Neural Network Ensembles", IEEE Transactions on Pattern Analysis and Machine
Intelligence 12 (10). Digits are those of `crnn`.

Expected: 98 % of ZIP codes from digits of one test writer, 78 % of real cheque amounts, on its own.
Time: about 75 minutes on two cores that are shared with other work (AMD EPYC, no GPU).
Command: python -m trainer train crnn_peer --data DIR
"""

from trainer.data.lines.style import CLEAN, HARD
from trainer.reader.config import Portion, ReaderConfig

CONFIG = ReaderConfig(
    name="crnn_peer",
    heads=("convolutional",),
    serves="convolutional",
    num_epochs=26,
    numbers_per_epoch=14_000,
    first_style=CLEAN,
    styles=(Portion(0.6, CLEAN), Portion(0.4, HARD)),
    learning_rate=1e-3,
    precision="mixed_bfloat16",
)
