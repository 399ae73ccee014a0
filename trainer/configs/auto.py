"""`auto`, what reads where no model is named, once it is exported: `cnn`, and `ensemble` where `cnn` is not sure.

The clone holds no export of it: with the networks there it gains nothing (docs/history.md), and `cnn` reads alone.

Nothing is trained. The two exported models are joined by thresholds chosen on the calibration pictures, so that a
picture takes 1.1 times the work of `cnn` on average, and the whole is calibrated anew.

That is ample: with three networks for the large one, passing on 1 % of the clean calibration digits removed as many
errors, 4 of 18, as passing on 10 %.

Source: Viola and Jones 2001, "Rapid Object Detection using a Boosted Cascade of Simple Features", for the arrangement.

Expected: as many of MNIST's test digits as `ensemble`.
Time: two minutes (AMD EPYC, no GPU).
Command: python -m trainer export auto --data DIR
"""

from trainer.ensemble.config import CascadeConfig

CONFIG = CascadeConfig(name="auto", small="cnn", large="ensemble", work_budget=1.1)
