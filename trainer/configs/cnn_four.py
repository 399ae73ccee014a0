"""`cnn_four`: four convolutions in two blocks, with batch normalization.

Source: the network that comparisons of servers use most; no augmentation.
Expected: 99.46 % of MNIST's 10,000 test digits (one run).
Time: about 46 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train cnn_four --data DIR
"""

from trainer.config import Config, Schedule

CONFIG = Config(
    name="cnn_four",
    architecture="cnn_four",
    num_epochs=20,
    schedule=Schedule("on_plateau", learning_rate=1e-3, decay=0.3, patience=2),
    early_stopping_patience=6,
)
