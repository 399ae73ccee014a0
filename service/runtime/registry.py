"""The models of this process: loaded once, looked up by name."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import cv2

from service.recognition.errors import InvalidModel, ModelNotFound, NotReady
from service.recognition.manifest import Manifest
from service.runtime.assembly import Assembly, Recognizer
from service.runtime.batching import MicroBatcher
from service.runtime.canary import Canary, Probe
from service.runtime.device import Device, configure_device
from service.runtime.device_thread import DeviceThread
from service.runtime.digit_recognizer import DigitRecognizer
from service.runtime.light import light_batch
from service.runtime.loading import (
    LoadedCascade,
    LoadedModel,
    is_cascade,
    load_cascade,
    load_model,
    newest_versions,
)
from service.runtime.metrics import Metrics, ModelGauges
from service.runtime.readings import OnRead
from service.runtime.sequence_recognizer import SequenceRecognizer
from service.runtime.threads import PictureThreads
from service.runtime.turns import LoopTurns
from service.runtime.workplace import Workplace

AUTO = "auto"
"""Reads where no model is named: the cascade of this name, or `DEFAULT_MODEL` where there is none."""
DEFAULT_MODEL = "cnn"
DEFAULT_SEQUENCE_MODEL = "crnn"
"""What reads numbers where no model is named. It may be missing: then the service reads single digits only."""


@dataclass(frozen=True, slots=True)
class _Loaded:
    """What was found in the models folder: networks, cascades of them, and where they run."""

    device: Device
    models: Sequence[LoadedModel]
    cascades: Sequence[LoadedCascade]


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """What an operator decides about the runtime; see the settings of the same names.

    Attributes:
        folders: of the models that are loaded; empty for the newest versions that are in `models_dir` when they are.
        has_spare_core: whether there are more cores than event loops, each of which keeps one busy.
    """

    models_dir: Path
    device: str
    intra_op_threads: int
    max_image_pixels: int
    queue_limit: int
    timeout_s: float
    num_picture_threads: int
    folders: tuple[Path, ...] = ()
    gpu_memory_mb: int = 0
    canary_s: float = 0.0
    canary_limit_s: float = 5.0
    has_spare_core: bool = True


class Registry:
    """Loads all models and hands out their recognizers.

    TensorFlow is touched by one thread only, from its import to the last batch: batches of several
    models would only take the cores from each other, and one thread needs no locks. Light networks are computed on the
    event loop as well.

    Args:
        options: see `RuntimeOptions`.
        metrics: count what is read.
        on_read: see `OnRead`.
        on_change: is told that the models that were loaded cannot read any more, and that they can again.
    """

    def __init__(
        self,
        options: RuntimeOptions,
        metrics: Metrics,
        *,
        on_read: OnRead = lambda _recognized: None,
        on_change: Callable[[bool], None] = lambda _can_read: None,
    ) -> None:
        self._options = options
        self._metrics = metrics
        self._on_read = on_read
        self._on_change = on_change
        self._tensorflow_thread = DeviceThread()
        self._workplace = Workplace(
            threads=PictureThreads(num_threads=options.num_picture_threads, queue_limit=options.queue_limit),
            turns=LoopTurns(queue_limit=options.queue_limit),
            max_pixels=options.max_image_pixels,
            timeout_s=options.timeout_s,
        )
        self._recognizers: dict[str, Recognizer] | None = None
        self._batchers: dict[str, MicroBatcher] = {}
        self._device = ""
        self._canary: Canary | None = None
        self._singing: asyncio.Task[None] | None = None

    async def load(self) -> None:
        """Load the models; then, and not before, the registry is ready. A second time does nothing.

        Raises:
            DeviceNotFound: the device is not on this machine.
            InvalidModel: a model folder is missing or must not be trusted.
        """
        if self._recognizers is not None:
            return
        loop = asyncio.get_running_loop()
        loaded = await loop.run_in_executor(self._tensorflow_thread, self._load)
        self._batchers = {model.manifest.name: self._batcher_for(model) for model in loaded.models}
        assembly = Assembly(
            loaded.models,
            self._batchers,
            counts_with=DEFAULT_SEQUENCE_MODEL,
            workplace=self._workplace,
            metrics=self._metrics,
            on_read=self._on_read,
        )
        recognizers = {model.manifest.name: assembly.recognizer(model) for model in loaded.models}
        for recognizer in recognizers.values():
            await recognizer.warm_up()
        for model in loaded.models:
            self._show(model)
        self._device = loaded.device.name
        # Their members are warm, and counted from here on.
        recognizers |= {one.manifest.name: assembly.cascade(one, device=self._device) for one in loaded.cascades}
        self._recognizers = recognizers
        self._canary = self._canary_for(loaded.models)
        if self._options.canary_s:
            self._singing = asyncio.create_task(self._canary.sing())

    async def close(self) -> None:
        """Answer for everything that waits, and let the threads end; a device that hangs is not waited for."""
        if self._singing is not None:
            self._singing.cancel()
            with suppress(asyncio.CancelledError):
                await self._singing
        self._workplace.close()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._options.canary_limit_s):
                for batcher in self._batchers.values():
                    await batcher.close()
        self._recognizers = None
        self._tensorflow_thread.shutdown(wait=False)

    @property
    def device(self) -> str:
        """Where the networks run: `cpu` or `gpu:N`; raises `NotReady` before that is known."""
        self._loaded()
        return self._device

    def refuse_if_not_ready(self) -> None:
        """Pass where work may be sent here.

        Raises:
            NotReady: models are still loading, the canary has found a fault, or the service is shutting down.
        """
        self._loaded()
        fault = None if self._canary is None else self._canary.fault
        if fault is not None:
            raise NotReady(
                "A model did not repeat its golden output when it was last asked. Try again in a few seconds, or with "
                "another instance.",
                retry_after_s=max(1.0, self._options.canary_s),
            )

    def manifests(self) -> Sequence[Manifest]:
        """The records of all models, by name; raises `NotReady`."""
        return [recognizer.manifest for _, recognizer in sorted(self._loaded().items())]

    def digit_recognizer(self, name: str) -> DigitRecognizer:
        """The recognizer of a digit classifier or cascade; `auto` is the default classifier where no cascade is it.

        Raises:
            NotReady: see `refuse_if_not_ready`: no answer is better than a wrong one.
            ModelNotFound: no digit classifier or cascade has this name.
        """
        recognizers = self._ready()
        found = recognizers.get(DEFAULT_MODEL if name == AUTO and AUTO not in recognizers else name)
        if not isinstance(found, DigitRecognizer):
            raise self._not_found(name, DigitRecognizer, "single digits")
        return found

    def sequence_recognizer(self, name: str) -> SequenceRecognizer:
        """The recognizer of a sequence reader.

        Raises:
            NotReady: see `refuse_if_not_ready`.
            ModelNotFound: no sequence reader has this name.
        """
        found = self._ready().get(name)
        if not isinstance(found, SequenceRecognizer):
            raise self._not_found(name, SequenceRecognizer, "numbers")
        return found

    def _not_found(self, name: str, kind: type[Recognizer], what: str) -> ModelNotFound:
        names = [name for name, one in sorted(self._loaded().items()) if isinstance(one, kind)]
        there_are = f"Loaded are: {', '.join(names)}" if names else "None is loaded"
        return ModelNotFound(f"There is no model {name[:80]!r} that reads {what}. {there_are}.")

    def _ready(self) -> dict[str, Recognizer]:
        self.refuse_if_not_ready()
        return self._loaded()

    def _loaded(self) -> dict[str, Recognizer]:
        if self._recognizers is None:
            raise NotReady("The models are not loaded yet. Try again in a few seconds.", retry_after_s=2.0)
        return self._recognizers

    def _load(self) -> _Loaded:
        options = self._options
        folders = options.folders or newest_versions(options.models_dir)
        if DEFAULT_MODEL not in (folder.parent.name for folder in folders):
            raise InvalidModel(f"{options.models_dir / DEFAULT_MODEL} is missing: it is the model that answers first.")
        # Pictures are shared out among threads of our own; OpenCV's would only take the cores from those.
        cv2.setNumThreads(1)
        device = configure_device(
            options.device, intra_op_threads=options.intra_op_threads, gpu_memory_mb=options.gpu_memory_mb
        )
        cascade_folders = [folder for folder in folders if is_cascade(folder)]
        models = [load_model(folder, device=device) for folder in folders if folder not in cascade_folders]
        cascades = [load_cascade(folder, models) for folder in cascade_folders]
        return _Loaded(device, models, [one for one in cascades if one is not None])

    def _batcher_for(self, model: LoadedModel) -> MicroBatcher:
        return MicroBatcher(
            model.network.logits,
            executor=self._tensorflow_thread,
            queue_limit=self._options.queue_limit,
            num_light=light_batch(model, has_spare_core=self._options.has_spare_core),
            on_batch=self._metrics.batch_observer(model.manifest.name),
        )

    def _show(self, model: LoadedModel) -> None:
        """Put a model into the metrics."""
        network, batcher = model.network, self._batchers[model.manifest.name]
        num_traces_at_start = network.num_traces
        gauges = ModelGauges(
            num_waiting=lambda: batcher.num_waiting,
            num_traces=lambda: network.num_traces - num_traces_at_start,
        )
        manifest = model.manifest
        self._metrics.add_model(manifest.name, manifest.version, network.device.name, gauges=gauges)

    def _canary_for(self, models: Sequence[LoadedModel]) -> Canary:
        probes = [
            Probe(
                model.manifest.name,
                self._batchers[model.manifest.name],
                model.golden[0].canvases[0],
                model.golden[0].logits[0],
                model.golden[0].tolerance,
            )
            for model in models
        ]
        return Canary(
            probes,
            every_s=self._options.canary_s,
            limit_s=self._options.canary_limit_s,
            on_failure=self._metrics.canary_failures.inc,
            on_change=self._on_change,
        )
