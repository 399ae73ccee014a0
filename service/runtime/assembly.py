"""From loaded networks to recognizers: which asks which, and what they share."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from service.recognition.manifest import SEQUENCE_READER, Manifest
from service.runtime.batching import MicroBatcher
from service.runtime.cascade import Cascade
from service.runtime.digit_network import BatchedNetwork, DigitNetwork
from service.runtime.digit_recognizer import DigitRecognizer
from service.runtime.helpers import helpers_of
from service.runtime.line_network import LineNetwork
from service.runtime.loading import LoadedCascade, LoadedModel
from service.runtime.metrics import Metrics
from service.runtime.readings import OnRead, Recognized
from service.runtime.recount import Recount
from service.runtime.sequence_recognizer import SequenceRecognizer
from service.runtime.workplace import Workplace

Recognizer: TypeAlias = DigitRecognizer | SequenceRecognizer


class Assembly:
    """Makes the recognizers of a process.

    Args:
        models: all networks that are loaded.
        batchers: in front of each, by its name.
        counts_with: name of the sequence reader that counts the digits where a classifier is not sure; it may be
            missing, then nobody does.
        workplace: where pictures are looked at.
        metrics: count what is read.
        on_read: see `OnRead`.
    """

    def __init__(
        self,
        models: Sequence[LoadedModel],
        batchers: Mapping[str, MicroBatcher],
        *,
        counts_with: str,
        workplace: Workplace,
        metrics: Metrics,
        on_read: OnRead,
    ) -> None:
        self._models = models
        self._batchers = batchers
        self._workplace = workplace
        self._metrics = metrics
        self._on_read = on_read
        self._recount = self._recount_by(counts_with)

    def recognizer(self, model: LoadedModel) -> Recognizer:
        """Of a digit classifier or a sequence reader.

        Raises:
            InvalidModel: a reader's manifest names a helper of the wrong kind.
        """
        manifest = model.manifest
        if manifest.kind != SEQUENCE_READER:
            return self._digits(manifest, BatchedNetwork(manifest, self._batchers[manifest.name]))
        helpers = helpers_of(manifest, self._models)
        peer = None if helpers.peer is None else self._lines(helpers.peer, helpers.peer_classifier)
        network = self._lines(model, helpers.classifier)
        return SequenceRecognizer(network, peer=peer, workplace=self._workplace, on_read=self._hear)

    def cascade(self, cascade: LoadedCascade, *, device: str) -> DigitRecognizer:
        """Of a cascade, which is counted from here on; its members have been warmed up as recognizers of their own."""
        manifest, members = cascade.manifest, [cascade.small.manifest, cascade.large.manifest]
        small, large = (BatchedNetwork(member, self._batchers[member.name]) for member in members)
        on_answer = self._metrics.add_cascade(
            manifest.name, manifest.version, device, members=[member.name for member in members]
        )
        return self._digits(manifest, Cascade(small, large, cascade.rule, on_answer=on_answer))

    def _digits(self, manifest: Manifest, network: DigitNetwork) -> DigitRecognizer:
        return DigitRecognizer(manifest, network, workplace=self._workplace, recount=self._recount, on_read=self._hear)

    def _lines(self, model: LoadedModel, classifier: LoadedModel | None) -> LineNetwork:
        manifest = model.manifest
        batcher = None if classifier is None else self._batchers[classifier.manifest.name]
        return LineNetwork(manifest, self._batchers[manifest.name], workplace=self._workplace, classifier=batcher)

    def _recount_by(self, name: str) -> Recount | None:
        """By the sequence reader of a name; None where it is not loaded."""
        manifests = (model.manifest for model in self._models)
        found = next((one for one in manifests if (one.name, one.kind) == (name, SEQUENCE_READER)), None)
        return None if found is None else Recount(found, self._batchers[name], workplace=self._workplace)

    def _hear(self, recognized: Recognized) -> None:
        """Count a reading, and pass on that it was made."""
        reading = recognized.reading
        self._metrics.count_reading(recognized.model, reading.decision, reading.reason, recognized.stages_ms)
        self._on_read(recognized)
