"""The models of this process: loaded once, looked up by name."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from service.recognition.errors import InvalidModel, ModelNotFound, NotReady
from service.recognition.manifest import Manifest
from service.runtime.batching import MicroBatcher
from service.runtime.device import configure_device
from service.runtime.loading import LoadedModel, load_model, newest_versions
from service.runtime.recognizers import DigitRecognizer
from service.runtime.threads import PictureThreads

AUTO = "auto"
DEFAULT_MODEL = "cnn"
"""What `auto` means."""


@dataclass(frozen=True, slots=True)
class RuntimeOptions:
    """What an operator decides about the runtime; see the settings of the same names."""

    models_dir: Path
    device: str
    intra_op_threads: int
    max_image_pixels: int
    queue_limit: int
    timeout_s: float
    num_picture_threads: int


class Registry:
    """Loads all models and hands out their recognizers.

    TensorFlow is touched by one thread only, from its import to the last batch: batches of several
    models would only take the cores from each other, and one thread needs no locks.
    """

    def __init__(self, options: RuntimeOptions) -> None:
        self._options = options
        self._tensorflow_thread = ThreadPoolExecutor(1, thread_name_prefix="tensorflow")
        self._picture_threads = PictureThreads(num_threads=options.num_picture_threads, queue_limit=options.queue_limit)
        self._recognizers: dict[str, DigitRecognizer] | None = None
        self._device = ""

    async def load(self) -> None:
        """Load every model's newest version; then, and not before, the registry is ready.

        Raises:
            DeviceNotFound: the device is not on this machine.
            InvalidModel: a model folder is missing or must not be trusted.
        """
        loop = asyncio.get_running_loop()
        device, models = await loop.run_in_executor(self._tensorflow_thread, self._load)
        recognizers = {model.manifest.name: self._recognizer_for(model) for model in models}
        for recognizer in recognizers.values():
            await recognizer.warm_up()
        self._device = device
        self._recognizers = recognizers

    async def close(self) -> None:
        """Answer for everything that waits, and let the threads end."""
        self._picture_threads.close()
        for recognizer in (self._recognizers or {}).values():
            await recognizer.batcher.close()
        self._recognizers = None
        self._tensorflow_thread.shutdown(wait=False, cancel_futures=True)

    @property
    def device(self) -> str:
        """Where the networks run: `cpu` or `gpu:N`; raises `NotReady` before that is known."""
        self._loaded()
        return self._device

    def manifests(self) -> Sequence[Manifest]:
        """The records of all models, by name; raises `NotReady`."""
        return [recognizer.manifest for _, recognizer in sorted(self._loaded().items())]

    def recognizer(self, name: str) -> DigitRecognizer:
        """The recognizer of a model, or the default one for `auto`.

        Raises:
            NotReady: models are still loading, or the service is shutting down.
            ModelNotFound: no model has this name.
        """
        recognizers = self._loaded()
        recognizer = recognizers.get(DEFAULT_MODEL if name == AUTO else name)
        if recognizer is None:
            raise ModelNotFound(f"There is no model {name[:80]!r}. Loaded are: {', '.join(sorted(recognizers))}.")
        return recognizer

    def _loaded(self) -> dict[str, DigitRecognizer]:
        if self._recognizers is None:
            raise NotReady("The models are not loaded yet. Try again in a few seconds.", retry_after_s=2.0)
        return self._recognizers

    def _load(self) -> tuple[str, list[LoadedModel]]:
        options = self._options
        folders = newest_versions(options.models_dir)
        if DEFAULT_MODEL not in (folder.parent.name for folder in folders):
            raise InvalidModel(f"{options.models_dir / DEFAULT_MODEL} is missing: it is the model that answers `auto`.")
        device = configure_device(options.device, intra_op_threads=options.intra_op_threads)
        return device, [load_model(folder) for folder in folders]

    def _recognizer_for(self, model: LoadedModel) -> DigitRecognizer:
        options = self._options
        batcher = MicroBatcher(model.network.logits, executor=self._tensorflow_thread, queue_limit=options.queue_limit)
        return DigitRecognizer(
            model.manifest,
            batcher,
            threads=self._picture_threads,
            max_pixels=options.max_image_pixels,
            timeout_s=options.timeout_s,
        )
