"""`lenet5`: the network of 1998, trained as one would today.

Source: LeCun et al. 1998 (99.05 % without distortions). One cycle, an average over the weights and mildly bent digits
were chosen on the validation writers: 6,055 of their 6,118 digits with these, 6,018 at an exponentially falling rate on
digits as they are. With the recipe fixed, the validation writers are fitted on as well.
Expected: 99.35 % of MNIST's 10,000 test digits (one run, last epoch).
Time: about 9 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train lenet5 --data DIR
"""

from trainer.config import Augmentation, Config, Schedule

CONFIG = Config(
    name="lenet5",
    architecture="lenet5",
    fit_on=("train", "validation"),
    num_epochs=30,
    schedule=Schedule("one_cycle", learning_rate=3e-3, warmup_share=0.15),
    weight_decay=1e-2,
    ema_momentum=0.999,
    augmentation=Augmentation(rotation_deg=10, zoom=0.1, shift=0.04, shear=0.1),
)
