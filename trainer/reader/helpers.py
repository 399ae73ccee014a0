"""Whom a reader asks: a digit classifier about its digits, and a peer about whole lines."""

from dataclasses import dataclass
from pathlib import Path

from service.recognition.errors import InvalidModel
from service.recognition.manifest import Manifest
from service.recognition.members import Member, PeerRule
from service.runtime.loading import LoadedModel, load_model, newest_versions
from trainer.errors import TrainerError
from trainer.finetune.exported import read_manifest

CLASSIFIER = "cnn"
"""The digit classifier that second looks are taken with."""


@dataclass(frozen=True, slots=True)
class SecondLook:
    """A digit classifier that looks at what a reader has read, and how much its answers count.

    Attributes:
        weight: see `service.recognition.second_look`.
    """

    classifier: LoadedModel
    weight: float

    @property
    def member(self) -> Member:
        """The classifier, as the reader's manifest names it."""
        return _member(self.classifier)


@dataclass(frozen=True, slots=True)
class Peer:
    """Another reader that is asked about lines; see `PeerRule`.

    Attributes:
        second: its own second look; None where it takes none.
        sure_from: confidence from which on nobody is asked about a clean line.
        reads_slanted: whether it reads the slanted views of all other lines; not for readers exported before it could.
    """

    reader: LoadedModel
    second: SecondLook | None
    sure_from: float = 1.0
    reads_slanted: bool = True

    @property
    def rule(self) -> PeerRule:
        """For the manifest of the reader that asks."""
        return PeerRule(_member(self.reader), self.sure_from, self.reads_slanted)


def newest_classifier(models_dir: Path) -> LoadedModel | None:
    """The classifier for second looks, as the service would load it; None where there is none.

    Raises:
        TrainerError: its folder is damaged.
    """
    return _newest(CLASSIFIER, models_dir)


def newest_peer(name: str | None, models_dir: Path) -> Peer | None:
    """The reader of a name that is to be asked, as the service would load it; None where there is none.

    Raises:
        TrainerError: its folder is damaged, or it takes its second look with another classifier than the newest.
    """
    reader = None if name is None else _newest(name, models_dir)
    if reader is None:
        return None
    second = _second_look_of(reader.manifest, models_dir)
    if (second is None) != (reader.manifest.second_look is None):
        raise TrainerError(
            f"{name}/{reader.manifest.version} was measured with another {CLASSIFIER} than the newest in {models_dir}. "
            f"Measure it first: python -m trainer recalibrate {name}"
        )
    return Peer(reader, second)


def helpers_of(folder: Path, models_dir: Path) -> tuple[SecondLook | None, Peer | None]:
    """Whom an exported reader asks, beside the models that there are; as in the service, all of them or nobody.

    Args:
        folder: `models/<name>/<version>` of the reader.
        models_dir: where its helpers are.

    Raises:
        TrainerError: a folder is damaged.
    """
    manifest = read_manifest(folder)
    second = _second_look_of(manifest, models_dir)
    if second is None or manifest.peer is None:
        return second, None
    peer = newest_peer(manifest.peer.reader.name, models_dir)
    if peer is None or peer.rule.reader != manifest.peer.reader:
        return None, None
    return second, Peer(peer.reader, peer.second, manifest.peer.sure_from, manifest.peer.reads_slanted)


def _second_look_of(manifest: Manifest, models_dir: Path) -> SecondLook | None:
    """How a reader takes its second look; None where it takes none, or its classifier is not the newest of its name."""
    rule = manifest.second_look
    classifier = None if rule is None else newest_classifier(models_dir)
    if rule is None or classifier is None:
        return None
    second = SecondLook(classifier, rule.weight)
    return second if second.member == rule.classifier else None


def _newest(name: str, models_dir: Path) -> LoadedModel | None:
    if not (models_dir / name).is_dir():
        return None
    try:
        return next(load_model(folder) for folder in newest_versions(models_dir) if folder.parent.name == name)
    except InvalidModel as error:
        raise TrainerError(str(error)) from error


def _member(model: LoadedModel) -> Member:
    return Member(model.manifest.name, model.manifest.version, model.manifest_sha256)
