"""`dnn`: 784-128-64-10 with dropout, the network of many first tutorials.

Source: common teaching example; no augmentation, as there.
Expected: 97.59 % of MNIST's 10,000 test digits (one run).
Time: about 2 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train dnn --data DIR
"""

from trainer.config import Config, Schedule

CONFIG = Config(
    name="dnn",
    architecture="dnn",
    num_epochs=30,
    schedule=Schedule("constant", learning_rate=1e-3),
    early_stopping_patience=5,
)
