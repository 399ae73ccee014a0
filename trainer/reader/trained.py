"""The trainable network behind an exported reader."""

from pathlib import Path

import keras

from trainer.finetune.exported import restore_weights
from trainer.reader.config import Head
from trainer.reader.network import build_reader


def reader_from(folder: Path, head: Head) -> keras.Model:
    """Build the network again and give it the weights of its export.

    Args:
        folder: `models/<name>/<version>`, or of the SavedModel alone.
        head: that it was exported with.

    Raises:
        TrainerError: the weights are not those of this architecture.
    """
    model = build_reader((head,))
    restore_weights(model, folder)
    return model
