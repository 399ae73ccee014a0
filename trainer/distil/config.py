"""What an experiment is made of in which a network learns from another one."""

from dataclasses import dataclass, fields
from typing import Any

from trainer.config import Config


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilledConfig(Config):
    """A digit classifier that learns from labels and from what another model thinks of the same canvases.

    Attributes:
        teacher: name of the exported model that teaches.
        rival: name of the exported model that this one would replace, and is compared with.
        soft_share: weight of the teacher's opinion in the loss, 0 to 1; the rest is the labels'.
        soften: divisor of both networks' logits in that part of the loss, 1 or more: it lifts the small probabilities,
            which say what a digit resembles, to where they count.
    """

    teacher: str
    rival: str
    soft_share: float
    soften: float

    def __post_init__(self) -> None:
        # Named, since a class with slots is made anew by the decorator, and `super()` would miss that.
        Config.__post_init__(self)
        if not 0 <= self.soft_share <= 1:
            raise ValueError(f"Config {self.name!r} has a soft share of {self.soft_share}; it must be from 0 to 1.")
        if self.soften < 1:
            raise ValueError(f"Config {self.name!r} softens by {self.soften}; it must be 1 or more.")


def distilled(student: Config, **what: Any) -> DistilledConfig:
    """A config in all like `student`, but for what `DistilledConfig` adds and what else is named."""
    return DistilledConfig(**{**{field.name: getattr(student, field.name) for field in fields(student)}, **what})
