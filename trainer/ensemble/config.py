"""What an ensemble of digit classifiers is made of, and what a cascade is."""

from dataclasses import dataclass
from typing import Any

from trainer.config import Config

LEAST_MEMBERS = 5
LEAST_ARCHITECTURES = 2


@dataclass(frozen=True, slots=True)
class EnsembleConfig:
    """Several digit classifiers that answer as one.

    Attributes:
        name: of the config and the exported model; the members but the first are trained in a folder of this name.
        lead: the first member. It is a model of its own, with a run of its own; its gate, if it has one, is the
            ensemble's.
        others: all other members.

    Raises:
        ValueError: there are fewer than five members or fewer than two architectures, two members are one, or they
            learn from different data.
    """

    name: str
    lead: Config
    others: tuple[Config, ...]

    def __post_init__(self) -> None:
        members = self.members
        if len(members) < LEAST_MEMBERS:
            raise ValueError(f"Ensemble {self.name!r} has {len(members)} members; it needs {LEAST_MEMBERS} or more.")
        if len({member.architecture for member in members}) < LEAST_ARCHITECTURES:
            raise ValueError(
                f"All members of ensemble {self.name!r} are a {self.lead.architecture!r}; networks of one kind err "
                f"alike. It needs {LEAST_ARCHITECTURES} architectures or more."
            )
        if len({member.name for member in members}) < len(members):
            raise ValueError(f"Two members of ensemble {self.name!r} have one name.")
        if len({(member.architecture, member.seed) for member in members}) < len(members):
            raise ValueError(
                f"Two members of ensemble {self.name!r} have one architecture and one seed; they would be nearly one."
            )

        if len({(member.data, member.fit_on) for member in members}) > 1:
            raise ValueError(
                f"Members of ensemble {self.name!r} learn from different data; what one has learned by heart, none may "
                "be measured on."
            )

    @property
    def members(self) -> tuple[Config, ...]:
        """All of them, the lead first."""
        return (self.lead, *self.others)

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        others = [member.to_dict() for member in self.others]
        return {"name": self.name, "lead": self.lead.to_dict(), "others": others}


@dataclass(frozen=True, slots=True)
class CascadeConfig:
    """A small classifier that asks a large one where it is not sure.

    Attributes:
        name: of the config and the exported model.
        small: name of the exported model that looks at every picture.
        large: name of the exported model that answers where `small` is not sure.
        work_budget: how much may be computed for a picture on average, in what `small` alone takes; above 1. The
            thresholds are the highest that keep to it on the calibration pictures, of each kind by itself.
    """

    name: str
    small: str
    large: str
    work_budget: float

    def __post_init__(self) -> None:
        if self.work_budget <= 1:
            raise ValueError(f"Cascade {self.name!r} has a work budget of {self.work_budget}; it must be above 1.")

    def to_dict(self) -> dict[str, Any]:
        """The record as JSON can hold it."""
        return {"name": self.name, "small": self.small, "large": self.large, "work_budget": self.work_budget}
