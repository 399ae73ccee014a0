"""The confidence suite as a page of Markdown, a section for each question that it asks."""

from typing import Any

_ROLES = {"trained": "learned from", "unseen": "unseen", "digit_like": "can be read as digits"}


def confidence_page(result: dict[str, Any], stem: str) -> str:
    """The whole page.

    Args:
        result: of `run_confidence_suite`.
        stem: what the names of the diagrams beside the page begin with.
    """
    name, version = result["model"]["name"], result["model"]["version"]
    lines = [
        f"# Confidence of {name}, version {version}",
        "",
        f"Written by `python -m trainer evaluate {name} --suite confidence`. `docs/confidence.md` says what "
        "is measured and how.",
        "",
        *_digits(result["digits"]),
        "",
        *_promises(result["digits"]),
        "",
        *_read_rates(result["digits"]),
        "",
        *_diagrams(stem),
        "",
        *_no_digits(result["families"]),
        "",
        *_how_many({**result["several"], **result["photo_cells"]}),
        "",
        *_corruptions(result["corruptions"]),
    ]
    return "\n".join(lines) + "\n"


def _digits(sets: dict[str, Any]) -> list[str]:
    return [
        "## Digits",
        "",
        "ECE in 15 bins of equal width; AURC is the mean error rate over all coverages; `rejected` is wrongly refused.",
        "",
        "| set | likeliest digit right | ECE | Brier | AURC | rejected |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {one['num_right']:,} of {one['num_readings']:,} | {one['expected_calibration_error']:.2%} "
            f"| {one['brier_score']:.5f} | {one['area_under_risk_coverage']:.5f} | {one['rejected']:.2%} |"
            for name, one in sets.items()
        ),
    ]


def _promises(sets: dict[str, Any]) -> list[str]:
    return [
        "## What was promised, and what came true",
        "",
        "Accepted by the service for a `max_error`, and how many of these were wrong; the bound is one-sided, 95 %, "
        "Clopper-Pearson.",
        "",
        "| set | max_error | accepted | wrong | error | error at most |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {row['max_error']:.1%} | {row['coverage']:.2%} "
            f"| {row['num_wrong']} of {row['num_accepted']:,} "
            f"| {row['error']:.3%} | {row['error_upper_bound']:.3%} |"
            for name, one in sets.items()
            for row in one["promises"]
        ),
    ]


def _read_rates(sets: dict[str, Any]) -> list[str]:
    return [
        "## Read rates",
        "",
        "The largest share of a set that could be accepted at an error rate, if its own threshold were known.",
        "",
        "| set | error rate | read | wrong | error at most |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {row['max_error']:.1%} | {row['coverage']:.2%} "
            f"| {row['num_wrong']} of {row['num_accepted']:,} "
            f"| {row['error_upper_bound']:.3%} |"
            for name, one in sets.items()
            for row in one["read_rates"]
        ),
    ]


def _diagrams(stem: str) -> list[str]:
    return [
        f"![Reliability]({stem}-reliability.png)",
        "",
        "Share of right readings of each bin with its 95 % Wilson interval, and below it the readings in the bin, on a "
        "logarithmic axis; the line is what should be.",
        "",
        f"![Risk and coverage]({stem}-risk-coverage.png)",
    ]


def _no_digits(families: dict[str, Any]) -> list[str]:
    return [
        "## What is no digit",
        "",
        "Against MNIST's test digits. `accepted` at the default `max_error` of 1 %.",
        "",
        "| family | | pictures | AUROC | FPR95 | accepted | not_a_digit | several_digits |",
        "|---|---|---|---|---|---|---|---|",
        *(
            f"| {name} | {_ROLES[one['role']]} | {one['num_pictures']:,} | {one['auroc']:.4f} "
            f"| {one['false_accepts_at_95']:.2%} | {one['accepted']:.2%} | {one['not_a_digit']:.1%} "
            f"| {one['several_digits']:.1%} |"
            for name, one in families.items()
        ),
    ]


def _how_many(pictures: dict[str, Any]) -> list[str]:
    return [
        "## Nothing, one digit, several",
        "",
        "| pictures | number | blank | not_a_digit | several_digits |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {one['num_pictures']:,} | {one['blank']:.1%} | {one['not_a_digit']:.1%} "
            f"| {one['several_digits']:.1%} |"
            for name, one in pictures.items()
        ),
    ]


def _corruptions(corruptions: dict[str, Any]) -> list[str]:
    accuracy, confidence = (
        sum(one[key] for one in corruptions.values()) / len(corruptions) for key in ("accuracy", "mean_confidence")
    )
    return [
        "## Corruptions",
        "",
        "MNIST's test digits with one thing wrong; strengths in `trainer/corruptions.py`.",
        "",
        "| corruption | accuracy | mean confidence | accepted | error among accepted |",
        "|---|---|---|---|---|",
        *(
            f"| {name} | {one['accuracy']:.2%} | {one['mean_confidence']:.3f} | {one['coverage']:.1%} "
            f"| {one['error']:.2%} |"
            for name, one in corruptions.items()
        ),
        f"| **mean** | {accuracy:.2%} | {confidence:.3f} | | |",
    ]
