"""Two exported classifiers as a cascade, seen from the trainer: all pictures are shown to both.

What is served asks the large one only where it has to (`service.runtime.cascade`); the answers are the same.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from service.recognition.cascade import sureness
from service.recognition.errors import InvalidModel
from service.recognition.members import CascadeRule, Member
from service.recognition.probability import Logits, softmax
from service.runtime.loading import LoadedModel, load_model, newest_versions
from trainer.ensemble.config import CascadeConfig
from trainer.ensemble.work import float_operations
from trainer.errors import TrainerError
from trainer.readings import Scored, Seen, score_seen


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Sureness of the small classifier from which on its verdict stands.

    Attributes:
        clean: for clean pictures, see `service.recognition.ink.Ink`.
        other: for all others.
    """

    clean: float
    other: float

    def of(self, is_clean: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Of each picture, float64 (n,)."""
        return np.where(is_clean, self.clean, self.other)


@dataclass(frozen=True, slots=True)
class ScoredPair:
    """What both classifiers say about pictures.

    Attributes:
        small, large: logits divided by the classifier's own temperature for the kind of picture, so 1 is theirs.
    """

    small: Scored
    large: Scored

    @property
    def sureness(self) -> NDArray[np.float64]:
        """Of the small one, float64 (n,); of no meaning for blanks."""
        return sureness(softmax(self.small.logits))

    def is_passed_on(self, thresholds: Thresholds) -> NDArray[np.bool_]:
        """Which pictures the large one answers, bool (n,); a blank reaches neither."""
        return ~self.small.is_blank & (self.sureness < thresholds.of(self.small.is_clean))

    def answered(self, thresholds: Thresholds) -> Scored:
        """What the cascade says."""
        is_passed_on = self.is_passed_on(thresholds)[:, np.newaxis]
        logits = np.where(is_passed_on, self.large.logits, self.small.logits)
        return Scored(logits, self.small.is_blank, self.small.is_clean)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two exported classifiers.

    Attributes:
        small: looks at every picture.
        large: answers where `small` is not sure.
        large_work: operations of `large` for a picture, in those of `small`.
    """

    small: LoadedModel
    large: LoadedModel
    large_work: float

    @classmethod
    def load(cls, config: CascadeConfig, models_dir: Path) -> "Pair":
        """The newest version of each, after all the checks that the service makes.

        Raises:
            TrainerError: one is missing or damaged, or they do not answer alike.
        """
        try:
            folders = {folder.parent.name: folder for folder in newest_versions(models_dir)}
            for name in (config.small, config.large):
                if name not in folders:
                    raise TrainerError(
                        f"{models_dir} holds no model {name!r}, which {config.name!r} is made of. Export it first: "
                        f"python -m trainer export {name}"
                    )
            small, large = (load_model(folders[name]) for name in (config.small, config.large))
        except InvalidModel as error:
            raise TrainerError(str(error)) from error
        if small.manifest.alphabet != large.manifest.alphabet:
            raise TrainerError(
                f"{config.small!r} answers with {small.manifest.alphabet!r}, {config.large!r} with "
                f"{large.manifest.alphabet!r}; a cascade needs one alphabet. Give both a gate, or neither."
            )
        works = [float_operations(folders[name]) for name in (config.small, config.large)]
        return cls(small, large, works[1] / works[0])

    def score(self, seen: Seen) -> ScoredPair:
        """Show pictures to both."""
        return ScoredPair(_scaled(self.small, seen), _scaled(self.large, seen))

    def work_of(self, share_passed_on: float) -> float:
        """Operations per picture, in those of `small`, where this share is passed on."""
        return 1 + share_passed_on * self.large_work

    def rule(self, thresholds: Thresholds) -> CascadeRule:
        """For the manifest."""
        small, large = (
            Member(one.manifest.name, one.manifest.version, one.manifest_sha256) for one in (self.small, self.large)
        )
        return CascadeRule(small, large, sure_from=thresholds.other, clean_sure_from=thresholds.clean)


def choose_thresholds(scored: ScoredPair, *, share: float) -> Thresholds:
    """The highest thresholds under which no more than this share of either kind of picture is passed on."""
    has_ink, is_clean = ~scored.small.is_blank, scored.small.is_clean
    return Thresholds(
        clean=_threshold(scored.sureness[has_ink & is_clean], share),
        other=_threshold(scored.sureness[has_ink & ~is_clean], share),
    )


def _threshold(sureness: NDArray[np.float64], share: float) -> float:
    num_passed_on = int(share * len(sureness))
    if num_passed_on >= len(sureness):
        return 1.0
    # Six digits are enough, and rounded down they pass on none more.
    return float(np.floor(np.sort(sureness)[num_passed_on] * 1e6) / 1e6)


def _scaled(model: LoadedModel, seen: Seen) -> Scored:
    scored = score_seen(model.network, seen)
    clean, other = (model.manifest.temperature_of(is_clean=is_clean) for is_clean in (True, False))
    temperatures = np.where(seen.is_clean, clean, other)[:, np.newaxis]
    logits: Logits = (scored.logits / temperatures).astype(np.float32)
    return Scored(logits, scored.is_blank, scored.is_clean)
