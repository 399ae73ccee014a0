"""`mlp`: 784-512-512-10 with dropout, the classical multilayer perceptron.

Source: the Keras example `mnist_mlp` (98.4 % after 20 epochs, chosen on the test set); no augmentation, as there.
Expected: 98.17 % of MNIST's 10,000 test digits (one run).
Time: about 5 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train mlp --data DIR
"""

from trainer.config import Config, Schedule

CONFIG = Config(
    name="mlp",
    architecture="mlp",
    num_epochs=20,
    schedule=Schedule("exponential", learning_rate=1e-3, decay=0.9),
    early_stopping_patience=5,
)
