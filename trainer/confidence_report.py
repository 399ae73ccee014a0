"""The confidence suite as files: numbers for programs, tables and diagrams for people."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from trainer.confidence import Bin
from trainer.report.reliability_chart import draw_reliability
from trainer.report.theme import LIGHT, Theme, render

_ROLES = {"trained": "learned from", "unseen": "unseen", "digit_like": "can be read as digits"}
_LEAST_RISK = 1e-5  # where the logarithmic axis begins: no error is drawn here


def write_confidence_report(result: dict[str, Any], folder: Path) -> Path:
    """Write `confidence-<model>.json`, `.md`, and two diagrams into a folder; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"confidence-{result['model']['name']}"
    (folder / f"{stem}.json").write_text(json.dumps(_rounded(result), indent=1) + "\n", encoding="utf-8")
    _draw_reliability(result, folder / f"{stem}-reliability.png")
    _draw_risk_coverage(result, folder / f"{stem}-risk-coverage.png")
    page = folder / f"{stem}.md"
    page.write_text(_page(result, stem), encoding="utf-8")
    return page


def _page(result: dict[str, Any], stem: str) -> str:
    model = result["model"]
    lines = [
        f"# Confidence of {model['name']}, version {model['version']}",
        "",
        f"Written by `python -m trainer evaluate {model['name']} --suite confidence`. `docs/confidence.md` says what "
        "is measured and how.",
        "",
        "## Digits",
        "",
        "ECE in 15 bins of equal width; AURC is the mean error rate over all coverages; `rejected` is wrongly refused.",
        "",
        "| set | likeliest digit right | ECE | Brier | AURC | rejected |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in result["digits"].items():
        lines.append(
            f"| {name} | {one['num_right']:,} of {one['num_readings']:,} | {one['expected_calibration_error']:.2%} "
            f"| {one['brier_score']:.5f} | {one['area_under_risk_coverage']:.5f} | {one['rejected']:.2%} |"
        )
    lines += [
        "",
        "## What was promised, and what came true",
        "",
        "Accepted by the service for a `max_error`, and how many of these were wrong; the bound is one-sided, 95 %, "
        "Clopper-Pearson.",
        "",
        "| set | max_error | accepted | wrong | error | error at most |",
        "|---|---|---|---|---|---|",
    ]
    for name, one in result["digits"].items():
        lines += [
            f"| {name} | {row['max_error']:.1%} | {row['coverage']:.2%} "
            f"| {row['num_wrong']} of {row['num_accepted']:,} "
            f"| {row['error']:.3%} | {row['error_upper_bound']:.3%} |"
            for row in one["promises"]
        ]
    lines += [
        "",
        "## Read rates",
        "",
        "The largest share of a set that could be accepted at an error rate, if its own threshold were known.",
        "",
        "| set | error rate | read | wrong | error at most |",
        "|---|---|---|---|---|",
    ]
    for name, one in result["digits"].items():
        lines += [
            f"| {name} | {row['max_error']:.1%} | {row['coverage']:.2%} "
            f"| {row['num_wrong']} of {row['num_accepted']:,} "
            f"| {row['error_upper_bound']:.3%} |"
            for row in one["read_rates"]
        ]
    lines += [
        "",
        f"![Reliability]({stem}-reliability.png)",
        "",
        "Share of right readings of each bin with its 95 % Wilson interval, and below it the readings in the bin, on a "
        "logarithmic axis; the line is what should be.",
        "",
        f"![Risk and coverage]({stem}-risk-coverage.png)",
        "",
        "## What is no digit",
        "",
        "Against MNIST's test digits. `accepted` at the default `max_error` of 1 %.",
        "",
        "| family | | pictures | AUROC | FPR95 | accepted | not_a_digit | several_digits |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, one in result["families"].items():
        lines.append(
            f"| {name} | {_ROLES[one['role']]} | {one['num_pictures']:,} | {one['auroc']:.4f} "
            f"| {one['false_accepts_at_95']:.2%} | {one['accepted']:.2%} | {one['not_a_digit']:.1%} "
            f"| {one['several_digits']:.1%} |"
        )
    lines += [
        "",
        "## Nothing, one digit, several",
        "",
        "| pictures | number | blank | not_a_digit | several_digits |",
        "|---|---|---|---|---|",
    ]
    for name, one in {**result["several"], **result["photo_cells"]}.items():
        lines.append(
            f"| {name} | {one['num_pictures']:,} | {one['blank']:.1%} | {one['not_a_digit']:.1%} "
            f"| {one['several_digits']:.1%} |"
        )
    lines += [
        "",
        "## Corruptions",
        "",
        "MNIST's test digits with one thing wrong; strengths in `trainer/corruptions.py`.",
        "",
        "| corruption | accuracy | mean confidence | accepted | error among accepted |",
        "|---|---|---|---|---|",
    ]
    corruptions = result["corruptions"]
    for name, one in corruptions.items():
        lines.append(
            f"| {name} | {one['accuracy']:.2%} | {one['mean_confidence']:.3f} | {one['coverage']:.1%} "
            f"| {one['error']:.2%} |"
        )
    accuracy, confidence = (
        sum(one[key] for one in corruptions.values()) / len(corruptions) for key in ("accuracy", "mean_confidence")
    )
    lines.append(f"| **mean** | {accuracy:.2%} | {confidence:.3f} | | |")
    return "\n".join(lines) + "\n"


def _draw_reliability(result: dict[str, Any], path: Path) -> None:
    """Accuracy over confidence with the readings behind each point, a pair of panels per set."""
    sets = result["digits"]
    num_columns = min(3, len(sets))
    num_rows = -(-len(sets) // num_columns)

    def draw(figure: Any, theme: Theme) -> None:
        panels = figure.subplots(2 * num_rows, num_columns, squeeze=False, height_ratios=(3, 1.4) * num_rows)
        pairs = [
            (panels[2 * row, column], panels[2 * row + 1, column]) for row, column in np.ndindex(num_rows, num_columns)
        ]
        for pair, (name, one) in zip(pairs, sets.items(), strict=False):
            draw_reliability(pair, [Bin(**each) for each in one["reliability"]], theme, title=name)
        for axes in itertools.chain(*pairs[len(sets) :]):  # of the last row, where there is no set left
            axes.set_visible(False)

    path.write_bytes(render(draw, LIGHT, width_in=3.2 * num_columns, height_in=3.6 * num_rows))


def _draw_risk_coverage(result: dict[str, Any], path: Path) -> None:
    """Error rate among the surest readings, over how many of them there are."""

    def draw(figure: Any, theme: Theme) -> None:
        axes = figure.subplots()
        for name, one in result["digits"].items():
            curve = one["risk_coverage"]
            axes.plot(curve["coverage"], [max(risk, _LEAST_RISK) for risk in curve["risk"]], label=name)
        axes.set_yscale("log")
        axes.set_title("Risk and coverage")
        axes.set(xlabel="share accepted, surest first", ylabel="share wrong among these", xlim=(0.5, 1.0))
        axes.grid()
        axes.legend()

    path.write_bytes(render(draw, LIGHT, width_in=5, height_in=4))


def _rounded(value: Any) -> Any:
    """Floats to six digits: more would only make every run differ."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
