"""The confidence suite as files: numbers for programs, tables and diagrams for people."""

import json
from pathlib import Path
from typing import Any

_ROLES = {"trained": "learned from", "unseen": "unseen", "digit_like": "can be read as digits"}


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
    """Accuracy over confidence, a line per set; the diagonal is what should be."""
    axes, save = _axes("confidence", "share right")
    axes.plot([0, 1], [0, 1], color="0.7", linewidth=1)
    for name, one in result["digits"].items():
        bins = one["reliability"]
        axes.plot([b["confidence"] for b in bins], [b["accuracy"] for b in bins], marker="o", markersize=3, label=name)
    axes.legend(fontsize=7)
    save(path)


def _draw_risk_coverage(result: dict[str, Any], path: Path) -> None:
    """Error rate among the surest readings, over how many of them there are."""
    axes, save = _axes("share accepted, surest first", "share wrong among these")
    for name, one in result["digits"].items():
        curve = one["risk_coverage"]
        axes.plot(curve["coverage"], [max(risk, 1e-5) for risk in curve["risk"]], label=name)
    axes.set_yscale("log")
    axes.set_xlim(0.5, 1.0)
    axes.legend(fontsize=7)
    save(path)


def _axes(x_label: str, y_label: str) -> tuple[Any, Any]:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(5, 4), dpi=90, layout="constrained")
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(color="0.9")

    def save(path: Path) -> None:
        figure.savefig(path)
        plt.close(figure)

    return axes, save


def _rounded(value: Any) -> Any:
    """Floats to six digits: more would only make every run differ."""
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: _rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return value
