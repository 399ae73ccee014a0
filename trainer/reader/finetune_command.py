"""`python -m trainer finetune`: from an exported reader to a new version that knows a person's hand."""

import tempfile
from dataclasses import asdict, replace
from pathlib import Path

from service.runtime.loading import open_network
from trainer.data.lines.hands import calibration_hands, mnist_hands
from trainer.data.lines.style import CLEAN, HARD_DIGITS_ONLY
from trainer.data.mnist import Mnist, load_mnist
from trainer.errors import TrainerError
from trainer.finetune.exported import newest_version, read_manifest
from trainer.finetune.pictures import require_pictures
from trainer.reader.commands import SOURCES, config_of, folds, rehearsal_batches
from trainer.reader.evaluate import NumberScore, look_at, read_all, score
from trainer.reader.export import ReaderExport, write_reader
from trainer.reader.finetune import FinetuneOptions, finetune
from trainer.reader.graph import INPUT_SHAPE, export_graph
from trainer.reader.helpers import Peer, SecondLook, helpers_of
from trainer.reader.int8 import write_int8
from trainer.reader.numbers import Numbers, composed
from trainer.reader.own_pictures import OwnPictures, load_own_pictures
from trainer.reader.trained import reader_from

HELD_BACK_FOLDS = 5  # one of them is held back
_NUM_REHEARSED = 8_000
_NUM_CHECKED = 500


def finetune_model(
    name: str, images_dir: Path, data_dir: Path, *, models_dir: Path, all_folds: bool, options: FinetuneOptions
) -> Path | None:
    """Adapt the newest version of a reader, say what that brings, and export it as the next version.

    A fifth of the pictures is held back to measure. With `all_folds` each fifth is held back in turn and nothing
    is exported: that tells how well it works, on every picture once.

    Raises:
        TrainerError: there is no such reader, or the pictures cannot be used.
    """
    own = load_own_pictures(images_dir)
    parts = _parts(own)[: None if all_folds else 1]
    before = newest_version(models_dir, name)
    config = replace(config_of(before), peer=None)
    mnist = load_mnist(data_dir)
    rehearsal = rehearsal_batches(config, data_dir, num_numbers=_NUM_REHEARSED)
    known = _known_numbers(mnist)
    helpers = helpers_of(before, models_dir)
    results: list[tuple[NumberScore, NumberScore]] = []
    for held_back in parts:
        learned = sorted(set(range(len(own))) - set(held_back))
        model = reader_from(before, config.serves)
        finetune(model, own.take(learned), rehearsal, options)
        with tempfile.TemporaryDirectory(prefix="digits-finetune-") as parent:
            graph = Path(parent) / "graph"
            export_graph(model, config.serves, graph)
            in_int8 = write_int8(graph, config.serves, calibration_hands(mnist, data_dir))
            gained = _compare(before, graph, own.take(held_back), known, helpers)
            results.append(gained[0])
            for was, now in gained:
                print(f"{was.dataset}: {was.num_right} of {was.num_samples} before, {now.num_right} after")
            if not all_folds:
                what = ReaderExport(
                    graph,
                    name,
                    int(before.name) + 1,
                    config,
                    [*SOURCES, {"name": "own pictures", "licence": "the user's own", "num_numbers": len(learned)}],
                    [now for _, now in gained],
                    {"finetuned_from": int(before.name), "finetuning": asdict(options), "int8": in_int8},
                )
                return write_reader(what, mnist, data_dir, models_dir=models_dir)
    was = NumberScore("held back, all folds", len(own), sum(was.num_right for was, _ in results))
    now = NumberScore("held back, all folds", len(own), sum(now.num_right for _, now in results))
    print(f"before: {was}\nafter:  {now}")
    return None


def _parts(own: OwnPictures) -> list[list[int]]:
    """Rows of the pictures that are held back together.

    Raises:
        TrainerError: there are too few pictures, or too few that differ.
    """
    parts = folds(own.pictures, HELD_BACK_FOLDS)
    require_pictures(len(own) - max(map(len, parts)))
    if not all(parts):
        raise TrainerError(
            f"Of the {len(own)} pictures many are the same; at least {HELD_BACK_FOLDS} different ones are needed, for "
            "those held back must not be among those learned from."
        )
    return parts


def _known_numbers(mnist: Mnist) -> list[tuple[str, Numbers]]:
    """What the reader could read before, so that forgetting shows."""
    if mnist.train_writers is None:
        raise TrainerError("QMNIST's labels must lie beside MNIST's files.")
    rows = mnist.splits.validation
    hands = mnist_hands(mnist.train.take(rows), mnist.train_writers[rows])
    return [
        (name, composed(hands, style, 5, _NUM_CHECKED, seed=47))
        for name, style in (("MNIST's validation writers, clean", CLEAN), ("likewise, hard", HARD_DIGITS_ONLY))
    ]


def _compare(
    before: Path,
    after: Path,
    held_back: OwnPictures,
    known: list[tuple[str, Numbers]],
    helpers: tuple[SecondLook | None, Peer | None],
) -> list[tuple[NumberScore, NumberScore]]:
    """What both read right with the second look of the one before; a peer, if that has one, is asked by it alone."""
    second, peer = helpers
    sets = [("own pictures, held back", Numbers(held_back.pictures, held_back.texts, [])), *known]
    models = [open_network(folder, input_shape=INPUT_SHAPE) for folder in (before, after)]
    classifier, weight = (None, 0.0) if second is None else (second.classifier, second.weight)
    temperature, sure_from = read_manifest(before).temperature, 1.0 if peer is None else peer.sure_from
    gained = []
    for name, numbers in sets:
        seen = [
            look_at(model, name, numbers, classifier, asked) for model, asked in zip(models, (peer, None), strict=True)
        ]
        readings = [read_all(one, weight=weight, temperature=temperature, sure_from=sure_from) for one in seen]
        was, now = (score(name, of_model, numbers.texts) for of_model in readings)
        gained.append((was, now))
    return gained
