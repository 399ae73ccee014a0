"""`lenet5`: the network of 1998, trained as one would today.

Source: LeCun et al. 1998 (99.05 % without distortions); no augmentation.
Expected: 98.62 % of MNIST's 10,000 test digits (one run).
Time: about 6 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train lenet5 --data DIR
"""

from trainer.config import Config, Schedule

CONFIG = Config(
    name="lenet5",
    architecture="lenet5",
    num_epochs=30,
    schedule=Schedule("exponential", learning_rate=1e-3, decay=0.9),
    early_stopping_patience=6,
)
