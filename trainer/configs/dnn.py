"""`dnn`: 784-128-64-10 with dropout, the network of many first tutorials.

Source: common teaching example. One cycle, an average over the weights and slightly bent digits were chosen on the
validation writers: 6,016 of their 6,118 digits with these, 5,982 without the bending (and with weight decay), 5,969 at
a constant rate without all of it.
Expected: 98.61 % of MNIST's 10,000 test digits (one run, last epoch).
Time: about 4 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train dnn --data DIR
"""

from trainer.config import Augmentation, Config, Schedule

CONFIG = Config(
    name="dnn",
    architecture="dnn",
    num_epochs=40,
    batch_size=256,
    schedule=Schedule("one_cycle", learning_rate=2e-3, warmup_share=0.15),
    ema_momentum=0.999,
    augmentation=Augmentation(rotation_deg=5, zoom=0.05, shift=0.02, shear=0.05),
)
