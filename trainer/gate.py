"""Training of the gate on a finished digit network: `python -m trainer gate cnn --data DIR`.

The digit network does not change, so what it reads stays what was measured. It takes most of the arithmetic, so it runs
once over each view of the data, and the gate learns several times from what it saw.
"""

import hashlib
import json
import sys
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import keras
import numpy as np

from trainer.architectures.gate import GateNetworks, build_gate
from trainer.averaging import averaged_weights, measure_batch_statistics
from trainer.config import Augmentation, Config, Schedule
from trainer.data.digits import Digits
from trainer.data.exposure import NOT_A_DIGIT, SEVERAL_DIGITS, Amounts, Exposure, draw_exposure
from trainer.data.mnist import Mnist
from trainer.data.views import View, view_of
from trainer.errors import TrainerError
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
)


@dataclass(frozen=True, slots=True)
class GateSettings:
    """How a gate is trained.

    Attributes:
        num_views: times that the digit network looks at a part of the data, augmented anew.
        view_size: canvases in such a part, drawn from all.
        made_up_share: of a view, what is made up: characters, glyphs, digits along segments; None for as many as come.
        passes_per_view: times that the gate learns from a view.
        goes_on: whether to start from the gate that the run has. Fresh weights otherwise.
        kept_share: of the delivered weights, those that it went on from; 0 to 1. Half of the way keeps what was known
            about digits and most of what was learned since: Wortsman et al. 2022, "Robust fine-tuning of zero-shot
            models", arXiv 2109.01903.
        augmentation: of all canvases alike, digits and others, or being bent would look like being no digit.
        augmentation_strength: half, because the canvases have been through photographs already.
        seed: of first weights, order, augmentation and dropout.
        exposure_seed: of what is drawn and photographed.
    """

    num_views: int = 8
    view_size: int = 120_000
    made_up_share: float | None = None
    passes_per_view: int = 3
    goes_on: bool = False
    kept_share: float = 0.0
    batch_size: int = 256
    schedule: Schedule = _SCHEDULE
    weight_decay: float = 1e-4
    ema_momentum: float = 0.998
    augmentation: Augmentation = _AUGMENTATION
    augmentation_strength: float = 0.5
    precision: str = "mixed_bfloat16"
    seed: int = 20240301
    exposure_seed: int = 5


FRESH = GateSettings()
GOING_ON = replace(
    FRESH,
    num_views=1,
    view_size=40_000,
    made_up_share=0.4,
    passes_per_view=4,
    goes_on=True,
    kept_share=0.5,
    schedule=replace(_SCHEDULE, learning_rate=1e-3),
    ema_momentum=0.99,  # a longer average would hold much of the weights that it began with
    seed=20240302,
)
"""From a gate that is nearly what it shall be, and has yet to learn what is made up."""


def train_gate(
    run: Run[Config],
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
        TrainerError: the run is not finished, its architecture takes no gate, it has none to go on from, or a file is
            missing.
    """
    settings = settings or FRESH
    weights = run.require_weights()
    if settings.goes_on and not run.has_gate:
        raise TrainerError(f"{run.gate_path} does not exist, so there is no gate to go on from. Leave out --go-on.")
    exposure = _exposure(mnist, data_dir, settings, amounts, cache)
    keras.utils.set_random_seed(settings.seed)
    networks = build_gate(run.config.architecture, precision=settings.precision)
    networks.body.load_weights(weights)
    record = _record(settings, exposure)
    if settings.goes_on:
        networks.gate.load_weights(run.gate_path)
        record["went_on_from"] = _record_of_gate(run)
    trunk = networks.trunk
    kept = trunk.get_weights()
    view = _fit(networks, exposure, settings)

    # From here on in float32, whatever the training ran in: this is what will be exported.
    delivered = build_gate(run.config.architecture)
    delivered.body.load_weights(weights)
    with averaged_weights(trunk):
        share = settings.kept_share
        pairs = zip(kept, trunk.get_weights(), strict=True)
        delivered.trunk.set_weights([share * before + (1 - share) * now for before, now in pairs])
    measure_batch_statistics(delivered.trunk, view)
    write_json(run.folder / RECORD_FILE, record)
    partial = run.folder / "unfinished.weights.h5"
    delivered.gate.save_weights(partial)
    return partial.replace(run.gate_path)


def _fit(networks: GateNetworks, exposure: Exposure, settings: GateSettings) -> View:
    """Train the trunk; returns the last view."""
    trunk = networks.trunk
    num_epochs = settings.num_views * settings.passes_per_view
    num_steps = -(-min(settings.view_size, len(exposure)) // settings.batch_size)
    rate = learning_rate(settings.schedule, num_epochs=num_epochs, steps_per_epoch=num_steps)
    trunk.compile(
        optimizer=keras.optimizers.AdamW(
            rate, weight_decay=settings.weight_decay, use_ema=True, ema_momentum=settings.ema_momentum
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        jit_compile=False,
    )
    for number in range(settings.num_views):
        rng = np.random.default_rng([settings.seed, number])
        view = view_of(
            networks.taps,
            exposure.sample(settings.view_size, rng, made_up_share=settings.made_up_share),
            settings.augmentation,
            strength=settings.augmentation_strength,
            rng=rng,
            batch_size=settings.batch_size,
        )
        trunk.fit(
            view,
            initial_epoch=number * settings.passes_per_view,
            epochs=(number + 1) * settings.passes_per_view,
            shuffle=False,
            verbose=1 if sys.stdout.isatty() else 2,
        )
    return view


def load_gate(run: Run[Config]) -> GateNetworks:
    """The networks of a run that has a gate, float32."""
    networks = build_gate(run.config.architecture)
    networks.body.load_weights(run.require_weights())
    networks.gate.load_weights(run.gate_path)
    return networks


def _exposure(
    mnist: Mnist, data_dir: Path, settings: GateSettings, amounts: Amounts | None, cache: Path | None
) -> Exposure:
    if cache is not None and cache.exists():
        with np.load(cache) as arrays:
            parts = [Digits(arrays[f"{part}_canvases"], arrays[f"{part}_labels"]) for part in ("known", "made_up")]
            return Exposure(*parts)
    exposure = draw_exposure(mnist, data_dir, seed=settings.exposure_seed, amounts=amounts)
    if cache is not None:
        np.savez(
            cache,
            known_canvases=exposure.known.canvases,
            known_labels=exposure.known.labels,
            made_up_canvases=exposure.made_up.canvases,
            made_up_labels=exposure.made_up.labels,
        )
    return exposure


def _record(settings: GateSettings, exposure: Exposure) -> dict[str, Any]:
    counts = np.bincount(exposure.labels, minlength=SEVERAL_DIGITS + 1)
    return {
        "settings": asdict(settings),
        "num_digits": int(counts[:NOT_A_DIGIT].sum()),
        "num_not_a_digit": int(counts[NOT_A_DIGIT]),
        "num_several_digits": int(counts[SEVERAL_DIGITS]),
        "num_made_up": len(exposure.made_up),
    }


def _record_of_gate(run: Run[Config]) -> dict[str, Any]:
    """What is known of the gate that a run has: its record, and the SHA-256 of its weights."""
    record: dict[str, Any] = json.loads((run.folder / RECORD_FILE).read_text(encoding="utf-8"))
    return {**record, "weights_sha256": hashlib.sha256(run.gate_path.read_bytes()).hexdigest()}
