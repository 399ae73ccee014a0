"""The confidence suite as files: numbers for programs, a page and diagrams for people."""

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from trainer.confidence import Bin
from trainer.confidence_page import confidence_page
from trainer.report.reliability_chart import draw_reliability
from trainer.report.theme import LIGHT, Theme, render

_LEAST_RISK = 1e-5  # where the logarithmic axis begins: no error is drawn here


def write_confidence_report(result: dict[str, Any], folder: Path) -> Path:
    """Write `confidence-<model>.json`, `.md`, and two diagrams into a folder; returns the page."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"confidence-{result['model']['name']}"
    (folder / f"{stem}.json").write_text(json.dumps(_rounded(result), indent=1) + "\n", encoding="utf-8")
    _draw_reliability(result, folder / f"{stem}-reliability.png")
    _draw_risk_coverage(result, folder / f"{stem}-risk-coverage.png")
    page = folder / f"{stem}.md"
    page.write_text(confidence_page(result, stem), encoding="utf-8")
    return page


def _rounded(value: Any) -> Any:
    """Floats to six digits: more would only make every run differ."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value


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
