"""`emnist_digits`: the network of `cnn` on the 240,000 digits of EMNIST.

No score on MNIST may be quoted for it: EMNIST's writers, and MNIST's own images, are among what it learns from. That is
why `cnn`, whose score on MNIST's test digits is quoted, learns nothing from EMNIST.

Source: Cohen et al. 2017, "EMNIST: an extension of MNIST to handwritten letters", arXiv 1702.05373; body as `cnn`.
Expected: not measured here. Published for convolutional networks: up to 99.84 % of EMNIST's 40,000 test digits.
Time: an epoch sees four times as many digits as one of `cnn`.
Command: python -m trainer train emnist_digits --data DIR
"""

from dataclasses import replace

from trainer.configs import cnn

CONFIG = replace(cnn.CONFIG, name="emnist_digits", data=("emnist_digits",), fit_on=("train",), num_epochs=12)
