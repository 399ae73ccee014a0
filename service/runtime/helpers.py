"""The models that a sequence reader asks: a classifier about its digits, and a peer about the whole number."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from service.logs import EXTRA_FIELD
from service.recognition.errors import InvalidModel
from service.recognition.manifest import DIGIT_CLASSIFIER, SEQUENCE_READER, Kind, Manifest
from service.recognition.members import Member
from service.runtime.loading import LoadedModel, member_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Helpers:
    """Whom a sequence reader asks; None where its manifest names nobody.

    Attributes:
        classifier: for its second look.
        peer: about whole lines; see `PeerRule`.
        peer_classifier: for the second look of the peer.
    """

    classifier: LoadedModel | None = None
    peer: LoadedModel | None = None
    peer_classifier: LoadedModel | None = None


def helpers_of(reader: Manifest, models: Sequence[LoadedModel]) -> Helpers:
    """The helpers of a sequence reader, all of them or none.

    Args:
        reader: of the sequence reader.
        models: all networks that are loaded.

    Returns:
        Nobody where one that is named is missing or another than the reader was measured with; then a warning in the
        log says which, and the reader reads on its own.

    Raises:
        InvalidModel: what it names is no digit classifier, or no sequence reader.
    """
    try:
        if reader.second_look is None:
            return Helpers()
        classifier = _find(reader, reader.second_look.classifier, DIGIT_CLASSIFIER, models)
        if reader.peer is None:
            return Helpers(classifier)
        peer = _find(reader, reader.peer.reader, SEQUENCE_READER, models)
        rule = peer.manifest.second_look
        of_peer = None if rule is None else _find(peer.manifest, rule.classifier, DIGIT_CLASSIFIER, models)
        return Helpers(classifier, peer, of_peer)
    except _Missing as missing:
        logger.warning("reader on its own", extra={EXTRA_FIELD: missing.fields})
        return Helpers()


class _Missing(Exception):
    """A model that another one names is not loaded as it was."""

    def __init__(self, reader: Manifest, wanted: Member) -> None:
        self.fields = {
            "reader": f"{reader.name}/{reader.version}",
            "measured_with": f"{wanted.name}/{wanted.version}",
            "remedy": f"that model is not loaded as it was; python -m trainer recalibrate {reader.name} measures with "
            "the one that there is",
        }


def _find(reader: Manifest, wanted: Member, kind: Kind, models: Sequence[LoadedModel]) -> LoadedModel:
    found = member_of(wanted, models)
    if found is None:
        raise _Missing(reader, wanted)
    if found.manifest.kind != kind:
        raise InvalidModel(
            f"{reader.name}/{reader.version} asks {wanted.name!r} as a {kind}, which is a {found.manifest.kind}. "
            "Export the reader again."
        )
    return found
