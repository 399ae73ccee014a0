"""What a search found, for people: a page with its history and what mattered, a table, the best config."""

import csv
import io
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState

from trainer.config import Config
from trainer.intervals import wilson_interval
from trainer.machine import describe_machine
from trainer.report.page import Figure, Section, Table, page_html
from trainer.report.theme import THEMES, Draw, Theme, render
from trainer.runs import write_json
from trainer.tune.space import OneOf, Range
from trainer.tune.study import Search, best_config, ended, outcome, shown
from trainer.tune.trial import NUM_RIGHT, NUM_SAMPLES

BEST_FILE, TABLE_FILE, PAGE_FILE = "best.json", "trials.csv", "index.html"
_LEAST_FOR_IMPORTANCE = 4  # completed trials, below which shares of the variance are chance


@dataclass(frozen=True, slots=True)
class _Column:
    """One field of the space, with its value and loss in every completed trial."""

    path: str
    field: Range | OneOf
    values: list[Any]
    losses: list[float]


def write_findings(study: optuna.Study, search: Search, config: Config, folder: Path) -> Path:
    """Write `best.json`, `trials.csv` and `index.html` into a folder, each whole or not at all; returns the first.

    Args:
        study: with a completed trial.
        search: that it was made with.
        config: that was searched, as `trainer/configs` has it.
        folder: for the files.
    """
    folder.mkdir(parents=True, exist_ok=True)
    best = folder / BEST_FILE
    write_json(best, best_config(study, config).to_dict())
    for name, text in ((TABLE_FILE, _csv(study, search)), (PAGE_FILE, _page(study, search, config))):
        partial = folder / f"{name}.partial"
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / name)
    return best


def _page(study: optuna.Study, search: Search, config: Config) -> str:
    trials = ended(study)
    states = [trial.state for trial in trials]
    best = study.best_trial
    num_right, num_samples = best.user_attrs[NUM_RIGHT], best.user_attrs[NUM_SAMPLES]
    low, high = wilson_interval(num_right, num_samples)
    introduction: list[str | Table] = [
        f"{len(trials)} trials by the method {search.method}, the lowest loss on {num_samples:,} validation digits is "
        f"best; {states.count(TrialState.PRUNED)} were given up early ({search.pruner}), "
        f"{states.count(TrialState.FAIL)} failed. Each trial is a training of at most {search.base.num_epochs} epochs "
        f"on the train writers. Machine: {describe_machine()}.",
        f"The best is trial {best.number}: loss {best.value:.4f}, {num_right:,} of {num_samples:,} right "
        f"({100 * num_right / num_samples:.2f} %, 95 % {100 * low:.2f} to {100 * high:.2f}). It was chosen on these "
        "digits among all the others, so they flatter it; the test digits were not read.",
        Table(
            "The values of the best trial, and those of the config before.",
            ("field", "best", "before", "searched"),
            [
                (path, shown(best.params[path]), _before(config, path), _range(search.space[path]))
                for path in search.space
            ],
        ),
        f"To train it in full: python -m trainer train {BEST_FILE} --data DIR",
    ]
    columns = _columns(study, search)
    sections = [
        Section("History", [_figure(
            "history", _history_chart(trials), 7.5, 3.4,
            alt=f"Loss of each of {len(trials)} trials in their order, and the lowest so far, which ends at "
            f"{best.value:.4f}.",
            caption="Each point is a trial at the loss that it ended with; crosses were given up early. The line is "
            "the lowest loss so far.",
        )]),
        Section("What mattered", _importance_parts(study, search)),
        Section("Values", [_figure(
            "values", _values_chart(columns), 7.5, 2.6 * math.ceil(len(columns) / 3),
            alt="For each field, the loss of the completed trials over its value.",
            caption="Completed trials; lower is better. The best one is filled.",
        )]),
        Section("Trials", [Table(
            "Every trial in its order.",
            ("trial", "outcome", *search.space),
            [
                (str(trial.number), outcome(trial), *(shown(trial.params[path]) if path in trial.params else "" for path
                 in search.space))
                for trial in trials
            ],
        )]),
    ]  # fmt: skip
    return page_html(f"Search for a better {config.name}", introduction, sections)


def _csv(study: optuna.Study, search: Search) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["trial", "state", "loss", "num_right", "num_samples", "num_epochs", *search.space])
    for trial in ended(study):
        is_complete = trial.state is TrialState.COMPLETE
        writer.writerow([
            trial.number,
            trial.state.name.lower(),
            f"{trial.value:.6f}" if is_complete else "",
            trial.user_attrs.get(NUM_RIGHT, ""),
            trial.user_attrs.get(NUM_SAMPLES, ""),
            trial.last_step or 0,
            *(trial.params.get(path, "") for path in search.space),
        ])  # fmt: skip
    return text.getvalue()


def _importance_parts(study: optuna.Study, search: Search) -> list[str | Figure]:
    completed = [trial for trial in ended(study) if trial.state is TrialState.COMPLETE]
    if len(completed) < _LEAST_FOR_IMPORTANCE:
        return [f"Only {len(completed)} trials were completed, too few to tell."]
    shares = optuna.importance.get_param_importances(
        study, evaluator=optuna.importance.FanovaImportanceEvaluator(seed=search.base.seed)
    )
    named = ", ".join(f"{path} {share:.2f}" for path, share in shares.items())
    return [
        _figure(
            "importance",
            _importance_chart(shares),
            7.5,
            0.8 + 0.35 * len(shares),
            alt=f"Share of the variance of the loss by field: {named}.",
            caption="Share of the variance of the loss that each field accounts for by itself and with others "
            f"(fANOVA; Hutter et al. 2014), from {len(completed)} completed trials: with so few, a hint.",
        )
    ]


def _figure(name: str, draw: Draw, width_in: float, height_in: float, *, alt: str, caption: str) -> Figure:
    png = {theme.name: render(draw, theme, width_in=width_in, height_in=height_in) for theme in THEMES}
    return Figure(name, alt, caption, png)


def _history_chart(trials: list[FrozenTrial]) -> Draw:
    def draw(figure: Any, theme: Theme) -> None:
        axes = figure.subplots()
        completed = [(one.number, _loss(one)) for one in trials if one.state is TrialState.COMPLETE]
        given_up = [
            (one.number, one.intermediate_values[max(one.intermediate_values)])
            for one in trials
            if one.state is TrialState.PRUNED
        ]
        lowest = [(number, min(loss for _, loss in completed[: i + 1])) for i, (number, _) in enumerate(completed)]
        axes.plot(*zip(*completed, strict=True), "o", color=theme.accent, markersize=5, label="completed")
        if given_up:
            axes.plot(*zip(*given_up, strict=True), "x", color=theme.wrong, markersize=5, label="given up")
        axes.step(*zip(*lowest, strict=True), where="post", color=theme.second, label="lowest so far")
        axes.set_yscale("log")
        axes.set_title("Loss of every trial")
        axes.set(xlabel="trial", ylabel="validation loss, nats")
        axes.xaxis.get_major_locator().set_params(integer=True)
        _plain_numbers(axes.yaxis)
        axes.grid(axis="y")
        axes.legend()

    return draw


def _importance_chart(shares: dict[str, float]) -> Draw:
    def draw(figure: Any, theme: Theme) -> None:
        axes = figure.subplots()
        names = list(shares)[::-1]
        bars = axes.barh(names, [shares[name] for name in names], color=theme.accent, height=0.6)
        axes.bar_label(bars, fmt="%.2f", padding=3, fontsize=8)
        axes.set_title("Importance")
        axes.set(xlabel="share of the variance of the loss", xlim=(0, 1.08))
        axes.tick_params(axis="y", length=0)

    return draw


def _values_chart(columns: list[_Column]) -> Draw:
    def draw(figure: Any, theme: Theme) -> None:
        all_axes = figure.subplots(math.ceil(len(columns) / 3), 3, squeeze=False, sharey=True).ravel()
        for axes, column in zip(all_axes, columns, strict=False):
            choices = column.field.values if isinstance(column.field, OneOf) else ()
            places = [choices.index(value) for value in column.values] if choices else column.values
            best = min(range(len(places)), key=column.losses.__getitem__)
            axes.plot(places, column.losses, "o", markerfacecolor="none", color=theme.accent, markersize=5)
            axes.plot(places[best], column.losses[best], "o", color=theme.accent, markersize=6)
            if choices:
                axes.set_xticks(range(len(choices)), [shown(value) for value in choices])
                axes.set_xlim(-0.5, len(choices) - 0.5)
            if isinstance(column.field, Range) and column.field.is_log:
                axes.set_xscale("log")
                _plain_numbers(axes.xaxis)
            axes.set_yscale("log")
            _plain_numbers(axes.yaxis)
            axes.set_title(column.path, fontsize=9)
            axes.grid(axis="y")
        for axes in all_axes[len(columns) :]:
            axes.set_visible(False)
        for axes in all_axes[::3]:
            axes.set_ylabel("validation loss, nats")

    return draw


def _plain_numbers(axis: Any) -> None:
    """0.05 rather than a power of ten, on a logarithmic axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    axis.set_major_locator(LogLocator(subs=(1.0, 1.2, 1.5, 2.0, 3.0, 5.0, 7.0)))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())


def _columns(study: optuna.Study, search: Search) -> list[_Column]:
    completed = [trial for trial in ended(study) if trial.state is TrialState.COMPLETE]
    return [
        _Column(path, field, [trial.params[path] for trial in completed], [_loss(trial) for trial in completed])
        for path, field in search.space.items()
    ]


def _loss(trial: FrozenTrial) -> float:
    """Of a completed trial."""
    if trial.value is None:
        raise ValueError(f"trial {trial.number} has no loss")
    return trial.value


def _before(config: Config, path: str) -> str:
    value: Any = config
    for name in path.split("."):
        value = None if value is None else getattr(value, name)
    return "none" if value is None else shown(value)


def _range(field: Range | OneOf) -> str:
    if isinstance(field, OneOf):
        return " or ".join(shown(value) for value in field.values)
    return f"{shown(field.low)} to {shown(field.high)}"
