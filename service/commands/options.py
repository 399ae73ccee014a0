"""The options of `digits read` that say how files are read: described, checked, and written down."""

import argparse
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.api.batch_parameters import CONSTRAINTS
from service.api.sequence_parameters import allowed_list
from service.commands.errors import WrongUsage
from service.commands.files import is_template_file, name_of
from service.recognition.allowed import AllowedList
from service.recognition.check_digits import CHECKS
from service.recognition.constraint import Constraint
from service.recognition.errors import InvalidParameter
from service.stacks.parameters import BatchKind


@dataclass(frozen=True, slots=True)
class Options:
    """How files are to be read.

    Attributes:
        kind: what they show.
        model: None for the default of the kind.
        max_error: above 0 and below 1; None for the default.
        known: of numbers: values for some of `CONSTRAINTS`.
        templates: of forms: names of stored ones, or the path of one template's JSON.
        pages: blank pages of the latter.
    """

    kind: BatchKind
    model: str | None
    max_error: float | None
    known: Mapping[str, Any]
    templates: tuple[str, ...]
    pages: tuple[Path, ...]

    @property
    def query(self) -> dict[str, str]:
        """Those that stand in the query of `/batch`."""
        named = {"model": self.model, "max_error": self.max_error, **self.known}
        return {name: str(value) for name, value in named.items() if value is not None}

    def constraint(self, lists: Mapping[str, AllowedList]) -> Constraint | None:
        """What every number has to satisfy; raises `InvalidParameter` where there is no such list."""
        if not self.known:
            return None
        name = self.known.get("allowed")
        return Constraint(**{**self.known, "allowed": None if name is None else allowed_list(lists, name)})

    def __str__(self) -> str:
        """As on a command line, and the same in whatever order they were typed."""
        named = [("kind", self.kind.value), *self.query.items()]
        named += [("template", name_of(Path(name))) for name in self.templates]
        named += [("page", name_of(page)) for page in self.pages]
        return shlex.join(word for name, value in named for word in (_option(name), value))


def add_options(parser: argparse.ArgumentParser) -> None:
    """Describe them."""
    parser.add_argument(
        "--kind", choices=[kind.value for kind in BatchKind], default="digit", help="what they show (default: digit)"
    )
    parser.add_argument("--model", metavar="NAME", help="as in the interface")
    parser.add_argument("--max-error", type=float, metavar="RATE", help="as in the interface")
    forms = parser.add_argument_group("for --kind form")
    forms.add_argument(
        "--template",
        action="append",
        default=[],
        metavar="NAME",
        help="a stored template, `auto` for all of them, or the path of a template's .json; may be repeated",
    )
    forms.add_argument(
        "--page",
        action="append",
        default=[],
        type=Path,
        metavar="PATH",
        help="the blank page of a template that is given as .json; may be repeated",
    )
    numbers = parser.add_argument_group("for --kind sequence: what is known of every number")
    numbers.add_argument("--length", type=int, metavar="N", help="number of digits, 0 to 32")
    numbers.add_argument("--min-length", type=int, metavar="N", help="least number of digits")
    numbers.add_argument("--max-length", type=int, metavar="N", help="largest number of digits")
    numbers.add_argument("--pattern", metavar="REGEX", help="regular expression that the whole number matches")
    numbers.add_argument("--check", choices=CHECKS, help="check digit rule that it satisfies")
    numbers.add_argument("--allowed", metavar="NAME", help="list of the numbers that it can be, such as months")


def options_of(arguments: argparse.Namespace) -> Options:
    """The options that a person has typed.

    Raises:
        WrongUsage: one has a value that it cannot have, or they do not go together.
    """
    options = Options(
        BatchKind(arguments.kind),
        arguments.model,
        arguments.max_error,
        {name: value for name in CONSTRAINTS if (value := getattr(arguments, name)) is not None},
        tuple(arguments.template),
        tuple(arguments.page),
    )
    _check(options)
    return options


def _check(options: Options) -> None:
    max_error, templates = options.max_error, options.templates
    if max_error is not None and not 0 < max_error < 1:
        raise WrongUsage(f"--max-error is {max_error}; it must be a number above 0 and below 1.")
    if (options.kind is BatchKind.FORM) != bool(templates):
        raise WrongUsage("--template goes with --kind form, and --kind form needs it.")
    if len(templates) > 1 and any(is_template_file(name) for name in templates):
        raise WrongUsage("--template is there several times; of templates that are given as .json there is one.")
    if options.pages and not (templates and is_template_file(templates[0])):
        raise WrongUsage("--page goes with a --template that is given as .json; a stored one has its own.")
    if options.known and options.kind is not BatchKind.SEQUENCE:
        names = ", ".join(_option(name) for name in options.known)
        raise WrongUsage(f"{names}: for numbers only, and --kind is {options.kind.value}. Say --kind sequence.")
    try:
        Constraint(**{name: value for name, value in options.known.items() if name != "allowed"})
    except InvalidParameter as error:
        raise WrongUsage(str(error)) from error


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"
