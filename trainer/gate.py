"""Training of the gate on a finished digit network: `python -m trainer gate cnn --data DIR`.

The digit network does not change, so what it reads stays what was measured. The gate takes minutes.
"""

import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer.architectures.gate import GateNetworks, build_gate
from trainer.averaging import averaged_weights, measure_batch_statistics
from trainer.config import Augmentation, Schedule
from trainer.data.batches import TrainingBatches
from trainer.data.digits import Digits
from trainer.data.exposure import NOT_A_DIGIT, SEVERAL_DIGITS, Amounts, load_exposure
from trainer.data.mnist import Mnist
from trainer.runs import Run, write_json
from trainer.schedules import learning_rate

RECORD_FILE = "gate.json"


_SCHEDULE = Schedule("one_cycle", learning_rate=3e-3, warmup_share=0.15)
_AUGMENTATION = Augmentation(
    rotation_deg=15,
    zoom=0.15,
    shift=0.06,
    shear=0.15,
    elastic_chance=0.3,
    thickness_chance=0.25,
    bold_chance=0.1,
    stretch_chance=0.1,
    narrow_chance=0.1,
    resolution_chance=0.2,
    contrast_chance=0.2,
    calm_epochs=1_000,
)


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How a gate is trained; the defaults are those of the shipped one.

    Attributes:
        augmentation: of all canvases alike, digits and others, or being bent would look like being no digit.
            At half strength throughout: the canvases have been through photographs already.
        seed: of first weights, order, augmentation and dropout.
        exposure_seed: of what is drawn and photographed.
    """

    num_epochs: int = 4
    batch_size: int = 256
    schedule: Schedule = _SCHEDULE
    weight_decay: float = 1e-4
    ema_momentum: float = 0.998
    augmentation: Augmentation = _AUGMENTATION
    precision: str = "mixed_bfloat16"
    seed: int = 20240301
    exposure_seed: int = 5


def train_gate(
    run: Run,
    mnist: Mnist,
    data_dir: Path,
    *,
    settings: GateSettings | None = None,
    amounts: Amounts | None = None,
    cache: Path | None = None,
) -> Path:
    """Train a gate on the network that a run has delivered, and leave its weights beside that network's.

    Args:
        run: finished.
        mnist: its training writers are learned from.
        data_dir: holds the files of `trainer/data/not_digits.py`.
        settings: how to train.
        amounts: what to draw.
        cache: where the drawn canvases are kept between runs; they take minutes.

    Raises:
        TrainerError: the run is not finished, its architecture takes no gate, or a file is missing.
    """
    settings = settings or GateSettings()
    weights = run.require_weights()
    exposure = _exposure(mnist, data_dir, settings, amounts, cache)
    keras.utils.set_random_seed(settings.seed)
    networks = build_gate(run.config.architecture, precision=settings.precision)
    networks.body.load_weights(weights)
    gate = networks.gate
    batches = TrainingBatches(
        exposure,
        batch_size=settings.batch_size,
        augmentation=settings.augmentation,
        num_epochs=settings.num_epochs,
        first_epoch=0,
        seed=settings.seed,
    )
    rate = learning_rate(settings.schedule, num_epochs=settings.num_epochs, steps_per_epoch=len(batches))
    gate.compile(
        optimizer=keras.optimizers.AdamW(
            rate, weight_decay=settings.weight_decay, use_ema=True, ema_momentum=settings.ema_momentum
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    gate.fit(batches, epochs=settings.num_epochs, shuffle=False, verbose=1 if sys.stdout.isatty() else 2)

    # From here on in float32, whatever the training ran in: this is what will be exported.
    networks = build_gate(run.config.architecture)
    delivered = networks.gate
    with averaged_weights(gate):
        delivered.set_weights(gate.get_weights())
    measure_batch_statistics(delivered, batches)
    write_json(run.folder / RECORD_FILE, _record(settings, exposure))
    partial = run.folder / "unfinished.weights.h5"
    delivered.save_weights(partial)
    return partial.replace(run.gate_path)


def load_gate(run: Run) -> GateNetworks:
    """The networks of a run that has a gate, float32."""
    networks = build_gate(run.config.architecture)
    networks.body.load_weights(run.require_weights())
    networks.gate.load_weights(run.gate_path)
    return networks


def _exposure(
    mnist: Mnist, data_dir: Path, settings: GateSettings, amounts: Amounts | None, cache: Path | None
) -> Digits:
    if cache is not None and cache.exists():
        with np.load(cache) as arrays:
            return Digits(arrays["canvases"], arrays["labels"])
    exposure = load_exposure(mnist, data_dir, seed=settings.exposure_seed, amounts=amounts)
    if cache is not None:
        np.savez(cache, canvases=exposure.canvases, labels=exposure.labels)
    return exposure


def _record(settings: GateSettings, exposure: Digits) -> dict[str, Any]:
    counts = np.bincount(exposure.labels, minlength=SEVERAL_DIGITS + 1)
    return {
        "settings": asdict(settings),
        "num_digits": int(counts[:NOT_A_DIGIT].sum()),
        "num_not_a_digit": int(counts[NOT_A_DIGIT]),
        "num_several_digits": int(counts[SEVERAL_DIGITS]),
    }
