"""`cnn_two`: two convolutions, pooling and a dense layer: the first convolutional network of most courses.

Source: the Keras example `mnist_convnet`, with a dense layer of 128; no augmentation.
Expected: 99.26 % of MNIST's 10,000 test digits (one run).
Time: about 12 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train cnn_two --data DIR
"""

from trainer.config import Config, Schedule

CONFIG = Config(
    name="cnn_two",
    architecture="cnn_two",
    num_epochs=20,
    schedule=Schedule("on_plateau", learning_rate=1e-3, decay=0.3, patience=2),
    early_stopping_patience=5,
)
