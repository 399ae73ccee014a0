"""`cnn` with the validation writers kept out of the fit, to choose its settings on.

Expected: 99.6 to 99.7 % of the validation writers' digits.
Time: as `cnn`, less a tenth.
Command: python -m trainer train cnn_choose --data DIR
"""

from dataclasses import replace

from trainer.configs import cnn

CONFIG = replace(cnn.CONFIG, name="cnn_choose", fit_on=("train",))
