"""`python -m trainer finetune cnn`: from an exported digit classifier to a new version that knows a person's hand."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import keras

from service.recognition.manifest import Manifest
from trainer.architectures.gate import build_gated
from trainer.calibrate_digits import CalibrationCanvases, Opinions, fit_pool, see_calibration
from trainer.data.calibration import load_calibration
from trainer.data.digits import Digits
from trainer.data.mnist import load_mnist
from trainer.digit_model import DigitExport, write_digit_model
from trainer.errors import TrainerError
from trainer.evaluate import evaluation_sets
from trainer.finetune.adapt import AdaptOptions, Rehearsal, adapt
from trainer.finetune.digits import OwnDigits, load_own_digits
from trainer.finetune.exported import newest_version, read_manifest
from trainer.finetune.networks import DigitNetworks, config_of, networks_from
from trainer.finetune.outcome import Pictures, print_comparison
from trainer.finetune.pictures import require_pictures
from trainer.finetune.rehearsal import canvases_to_rehearse
from trainer.finetune.split import MOST_HELD_BACK_SHARE, hold_back
from trainer.graphs import require_tensorflow, save_graph


def finetune_digits(
    name: str, images_dir: Path, data_dir: Path | None, *, models_dir: Path, options: AdaptOptions
) -> Path:
    """Adapt the newest version of a digit classifier, export it as the next one, and say what that brought.

    Args:
        name: of the model.
        images_dir: see `load_own_digits`.
        data_dir: of the data that the model was trained on, to rehearse and to calibrate; MNIST is downloaded where
            none is given.
        models_dir: folder of the models.
        options: how long, and how carefully.

    Returns:
        The folder of the new version.

    Raises:
        TrainerError: there is no such model, it is not one network, or the pictures or the data cannot be used.
    """
    require_tensorflow()
    keras.utils.set_random_seed(options.seed)
    before = newest_version(models_dir, name)
    manifest = read_manifest(before)
    config = config_of(before, manifest)
    own = load_own_digits(images_dir)
    learned, held_back, unit = _parted(own)
    mnist = load_mnist(data_dir)
    networks = networks_from(before, manifest, config)
    known = canvases_to_rehearse(config, mnist, data_dir, has_gate=networks.gate is not None, seed=options.seed)
    adapt(networks, learned.digits, Rehearsal.of(networks, known), bending=config.augmentation, options=options)

    own_source = {"name": "own pictures", "licence": "the user's own", "num_digits": len(learned)}
    finetuning = {
        "from_version": manifest.version,
        "num_held_back": len(held_back),
        "held_back_by": unit,
        "num_rehearsed": len(known),
        "options": asdict(options),
    }
    after = _export(
        networks,
        manifest,
        see_calibration(load_calibration(mnist, data_dir)),
        sets={**evaluation_sets(config, mnist, data_dir), "own_pictures_held_back": held_back.digits},
        provenance={
            **manifest.provenance,
            "data": [*manifest.provenance["data"], own_source],
            "finetuning": finetuning,
        },
        models_dir=models_dir,
    )
    print_comparison(
        before,
        after,
        {
            "own pictures, held back": Pictures(held_back.seen, held_back.digits.labels),
            "MNIST's validation writers, not rehearsed": Pictures.of_mnist(mnist.train.take(mnist.splits.validation)),
            "MNIST's test digits": Pictures.of_mnist(mnist.test),
        },
    )
    return after


def _parted(own: OwnDigits) -> tuple[OwnDigits, OwnDigits, str]:
    """What is learned from, what is held back, and what was drawn for that; says so.

    Raises:
        TrainerError: one of them would be too small.
    """
    is_held_back, unit = hold_back(own)
    learned, held_back = own.take(~is_held_back), own.take(is_held_back)
    require_pictures(len(learned))
    if len(held_back) == 0:
        raise TrainerError(
            f"None of the {len(own)} pictures can be held back to measure by: each digit has one picture alone. Add a "
            "second picture of some digits."
        )
    print(f"{len(own)} pictures: {len(learned)} to learn from, {len(held_back)} held back by {unit}.")
    if unit == "picture" and len({*(own.writers or ())}) > 1:
        print(
            f"No writer made at most {MOST_HELD_BACK_SHARE:.0%} of them, so none is held back whole: what is gained on "
            "the pictures held back says little about hands that were not learned from."
        )
    return learned, held_back, unit


def _export(
    networks: DigitNetworks,
    before: Manifest,
    calibration: CalibrationCanvases,
    *,
    sets: Mapping[str, Digits],
    provenance: Mapping[str, Any],
    models_dir: Path,
) -> Path:
    if networks.gate is None:
        served, calibration = networks.body, calibration.of_digits()
        num_parameters = served.count_params()
    else:
        pool = fit_pool(Opinions(networks.gate), calibration)
        served = build_gated(networks.gate, pool)
        num_parameters = networks.body.count_params() + networks.gate.trunk.count_params()
        provenance = {**provenance, "gate": {**before.provenance["gate"], **asdict(pool)}}
    with tempfile.TemporaryDirectory(prefix="digits-finetune-") as parent:
        graph = Path(parent) / "graph"
        save_graph(served, graph)
        what = DigitExport(
            graph=graph,
            name=before.name,
            version=before.version + 1,
            rejects=networks.gate is not None,
            num_parameters=int(num_parameters),
            sets=sets,
            learned_from=f"Version {before.version}, taught a person's own digits.",
            provenance=provenance,
        )
        return write_digit_model(what, calibration, models_dir=models_dir)
