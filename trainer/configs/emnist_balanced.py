"""`emnist_balanced`: digits and letters, 47 classes; the network of `cnn` on the balanced part of EMNIST.

Its export says `character_classifier`, with the 47 characters as its alphabet. The service answers with digits and does
not load such a model: export it into another folder than the service's. No score on MNIST may be quoted for it:
EMNIST's writers, and MNIST's own images, are among what it learns from.

Nothing is stretched or made bold: that is what tells O from 0 and q from g.

Source: Cohen et al. 2017, "EMNIST: an extension of MNIST to handwritten letters", arXiv 1702.05373; body as `cnn`.
Expected: not measured here. Some classes look alike (0 and O, 1, I and L, 9, g and q), so no reader gets near 100 %.
Time: an epoch sees twice as many characters as one of `cnn` sees digits.
Command: python -m trainer train emnist_balanced --data DIR
"""

from dataclasses import replace

from trainer.configs import cnn

CONFIG = replace(
    cnn.CONFIG,
    name="emnist_balanced",
    data=("emnist_balanced",),
    fit_on=("train",),
    num_epochs=20,
    augmentation=replace(cnn.AUGMENTATION, bold_chance=0.0, stretch_chance=0.0, narrow_chance=0.0),
)
