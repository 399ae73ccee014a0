"""Training of one config, from its data to its weights. Running it again goes on where it was stopped."""

import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import keras

from trainer.architectures.registry import build_model
from trainer.averaging import averaged_weights, measure_batch_statistics
from trainer.config import Config
from trainer.data.batches import TrainingBatches
from trainer.data.sources import TrainingData
from trainer.lessons import LabelLesson, Lesson
from trainer.machine import describe_machine
from trainer.provenance import describe_sitting, describe_splits
from trainer.runs import KEPT_FILE, STATE_FILE, Checkpoint, HistoryRow, Run
from trainer.schedules import epochs_since_best, learning_rate, plateau_rate

_VALIDATION_BATCH_SIZE = 1000


def train(
    config: Config,
    data: TrainingData,
    run: Run[Config],
    *,
    lesson: Lesson | None = None,
    watchers: Sequence[keras.callbacks.Callback] = (),
) -> Path:
    """Train a config and leave its weights, its history and a checkpoint in the run's folder.

    Seeds fix the first weights, the order of the digits, their augmentation and dropout. What stays random is the
    order in which parallel sums are rounded, so two runs agree closely, not to the last bit.

    Args:
        config: what to train.
        data: of that config.
        run: of that config.
        lesson: what is learned from the digits; their labels where none is given.
        watchers: told of every epoch after its checkpoint is written; what they raise ends the training.

    Returns:
        The file with the delivered weights: the average if the config has an EMA, else those of the best epoch if it
        measures validation, else those of the last.

    Raises:
        TrainerError: the folder holds a run of another config.
    """
    lesson = lesson or LabelLesson()
    run.open()
    checkpoint = run.latest_checkpoint()
    history = checkpoint.history if checkpoint else []
    if run.weights_path.exists():
        print(f"{run.folder} is finished, after {len(history)} epochs. Remove the folder to train again.")
        return run.weights_path

    run.note_machine(describe_machine())
    splits = describe_splits(data.mnist, config.fit_on)
    run.note_sitting(describe_sitting(splits, first_epoch=len(history) + 1))
    keras.utils.set_random_seed(config.seed)
    batches = TrainingBatches(
        data.fit,
        batch_size=config.batch_size,
        augmentation=config.augmentation,
        epochs_per_cycle=config.epochs_per_cycle,
        first_epoch=len(history),
        seed=config.seed,
    )
    model = build_model(config.architecture, precision=config.precision, num_classes=len(config.alphabet))
    model.compile(
        optimizer=_optimizer(config, steps_per_epoch=len(batches)),
        loss=lesson.loss,
        metrics=[*lesson.metrics],
        # XLA made a step of these networks several times slower under TensorFlow on a CPU; JAX is lost without it.
        jit_compile=False if keras.backend.backend() == "tensorflow" else "auto",
    )
    if checkpoint:
        model.optimizer.build(model.trainable_variables)  # without its variables, their saved values would be skipped
        model.load_weights(checkpoint.folder / STATE_FILE)
        print(f"Going on after epoch {len(history)} of {config.num_epochs}.")

    callbacks: list[keras.callbacks.Callback] = [SaveEpoch(run, history)]
    if config.schedule.kind == "on_plateau":
        callbacks.append(
            keras.callbacks.LearningRateScheduler(lambda *_: plateau_rate(config.schedule, _losses(history)))
        )
    if not _is_over(config, history):
        model.fit(
            lesson.batches(batches),
            initial_epoch=len(history),
            epochs=config.num_epochs,
            validation_data=(data.validation.canvases, lesson.targets(data.validation)) if data.validation else None,
            validation_batch_size=_VALIDATION_BATCH_SIZE,
            shuffle=False,  # the batches are shuffled already, in a way that can be repeated
            callbacks=[*callbacks, *watchers],
            verbose=1 if sys.stdout.isatty() else 2,  # a bar for people, a line per epoch for logs
        )
    # From here on in float32, whatever the training ran in: this is what will be exported.
    delivered = build_model(config.architecture, num_classes=len(config.alphabet))
    delivered.load_weights(run.kept_weights())
    if config.ema_momentum:
        measure_batch_statistics(delivered, batches)
    run.deliver(delivered)
    return run.weights_path


class SaveEpoch(keras.callbacks.Callback):
    """Writes a checkpoint after every epoch, and stops the training when waiting longer is of no use."""

    def __init__(self, run: Run[Config], history: list[HistoryRow]) -> None:
        super().__init__()
        self._run = run
        self._history = history

    def on_epoch_begin(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Let dropout follow from seed and epoch, as the batches do: Keras saves no state of its generators."""
        self._began_s, self._processor_began_s = time.perf_counter(), time.process_time()
        for index, layer in enumerate(self.model.layers):
            if hasattr(layer, "seed_generator"):
                layer.seed_generator.state.assign([self._run.config.seed + index, epoch])

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Keep the epoch. `history` is shared with `train`, which decides the learning rate by it."""
        before: Checkpoint | None = self._run.latest_checkpoint()
        times = {
            "time_s": time.perf_counter() - self._began_s,
            # Of all threads together: what the epoch cost also where the machine had other work.
            "processor_time_s": time.process_time() - self._processor_began_s,
        }
        measured = {name: float(value) for name, value in (logs or {}).items()}
        self._history.append({"epoch": epoch + 1, **measured, **times})
        folder = self._run.new_checkpoint_folder()
        self.model.save_weights(folder / STATE_FILE)
        keeps_average = self._run.config.ema_momentum is not None
        if keeps_average or before is None or epochs_since_best(_losses(self._history)) == 0:
            with averaged_weights(self.model):
                self.model.save_weights(folder / KEPT_FILE)
        else:
            shutil.copyfile(before.folder / KEPT_FILE, folder / KEPT_FILE)
        self._run.commit_checkpoint(folder, self._history)
        if _is_over(self._run.config, self._history):
            self.model.stop_training = True


def _optimizer(config: Config, *, steps_per_epoch: int) -> keras.optimizers.Optimizer:
    rate = learning_rate(config.schedule, num_epochs=config.num_epochs, steps_per_epoch=steps_per_epoch)
    ema = {"use_ema": True, "ema_momentum": config.ema_momentum} if config.ema_momentum else {}
    if config.weight_decay:
        return keras.optimizers.AdamW(rate, weight_decay=config.weight_decay, **ema)
    return keras.optimizers.Adam(rate, **ema)


def _losses(history: list[HistoryRow]) -> list[float]:
    """Validation losses so far; none where validation is not measured."""
    return [row["val_loss"] for row in history if "val_loss" in row]


def _is_over(config: Config, history: list[HistoryRow]) -> bool:
    patience = config.early_stopping_patience
    has_stalled = patience is not None and epochs_since_best(_losses(history)) >= patience
    return has_stalled or len(history) >= config.num_epochs
