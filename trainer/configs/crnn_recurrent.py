"""`crnn_recurrent`: `crnn` with a bidirectional LSTM along the line, as Shi, Bai and Yao have it.

The convolutional head is trained beside it, because a recurrent layer learns little before its features show digits.

Source: see `trainer/configs/crnn.py`.

Expected: not measured since the network has grown. In the training before, its LSTM read fives and the cheques one to
two points worse than the convolutional head, and sixteens better (73 and 70 of 80); see `docs/history.md`.
Time: a third longer than `crnn` (a step of both heads against one, in the network before; two busy cores).
Command: python -m trainer train crnn_recurrent --data DIR
"""

from dataclasses import replace

from trainer.configs.crnn import CONFIG as CRNN

CONFIG = replace(CRNN, name="crnn_recurrent", heads=("recurrent", "convolutional"), serves="recurrent")
