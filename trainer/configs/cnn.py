"""`cnn`, the default model: a small strided network on MNIST, pen digits of bhmsds and printed digits.

Source: body by Deotte 2018 (see `trainer/architectures/strided_cnn.py`); AdamW, one
cycle, EMA and stronger augmentation. The number of epochs was fixed beforehand: the validation writers are
fitted on as well, so nothing is chosen here. `cnn_choose` is the same with the validation writers kept out.

Expected: 99.73 % of MNIST's 10,000 test digits (one run, last epoch).
Time: about 85 s of processor time an epoch (AMD EPYC, no GPU).
Command: python -m trainer train cnn --data DIR
"""

from trainer.config import Augmentation, Config, Schedule

AUGMENTATION = Augmentation(
    rotation_deg=15,
    zoom=0.15,
    shift=0.06,
    shear=0.15,
    elastic_chance=0.3,
    thickness_chance=0.25,
    bold_chance=0.15,
    stretch_chance=0.15,
    narrow_chance=0.15,
    resolution_chance=0.15,
    contrast_chance=0.15,
    calm_epochs=6,
)

CONFIG = Config(
    name="cnn",
    architecture="strided_cnn",
    data=("mnist", "bhmsds", "printed"),
    fit_on=("train", "validation"),
    num_epochs=36,
    batch_size=256,
    schedule=Schedule("one_cycle", learning_rate=3e-3, warmup_share=0.15),
    weight_decay=1e-4,
    ema_momentum=0.999,
    augmentation=AUGMENTATION,
    precision="mixed_bfloat16",  # 0.6 of float32's time on a CPU with AVX512_BF16
)
