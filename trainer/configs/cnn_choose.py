"""`cnn` with the validation writers kept out of the fit, to choose its settings on.

Expected: 99.6 to 99.7 % of the validation writers' digits.
Time: as `cnn`, less a tenth.
Command: python -m trainer train cnn_choose --data DIR, or tune in place of train
"""

from dataclasses import replace

from trainer.configs import cnn
from trainer.tune.space import OneOf, Range, Space

CONFIG = replace(cnn.CONFIG, name="cnn_choose", fit_on=("train",))

SPACE: Space = {
    "schedule.learning_rate": Range(1e-3, 6e-3, is_log=True),
    "weight_decay": OneOf((1e-5, 1e-4, 1e-3)),
    "augmentation.rotation_deg": Range(8.0, 20.0),
    "augmentation.zoom": Range(0.05, 0.25),
    "augmentation.shear": Range(0.05, 0.25),
    "augmentation.elastic_chance": Range(0.0, 0.6),
    "augmentation.thickness_chance": Range(0.0, 0.5),
}
