"""The table of what every form of a network is worth, for people and for programs."""

import json
from dataclasses import asdict
from pathlib import Path

from trainer.compress.check import Checked
from trainer.compress.prune import PruneOptions
from trainer.machine import describe_machine
from trainer.trained import Trained

PAGE_FILE, RECORD_FILE = "table.md", "table.json"


def write_table(trained: Trained, rows: list[Checked], options: PruneOptions | None, folder: Path) -> None:
    """Write `table.md` and `table.json` into a folder."""
    machine = describe_machine()
    record = {
        "model": {"name": trained.name, "version": trained.version},
        "machine": machine,
        "pruning": asdict(options) if options else None,
        "rows": [row.to_dict() for row in rows],
    }
    (folder / RECORD_FILE).write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    (folder / PAGE_FILE).write_text(table_page(trained, rows, options, machine=machine), encoding="utf-8")


def table_page(trained: Trained, rows: list[Checked], options: PruneOptions | None, *, machine: str) -> str:
    """The table as Markdown, with how to read it."""
    num_samples = rows[0].num_samples
    lines = [
        f"# Smaller forms of {trained.title}",
        "",
        f"Written by `python -m trainer compress {trained.name}`. Every file read the {num_samples:,} test digits of "
        f"MNIST, uint8 canvases in and logits out. Machine: {machine}.",
        "",
        "| form | file | KB | KB zipped | right | accuracy | 95 % interval | other reading | refused | largest logit "
        "difference | mean | same on pieces | images/s |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.name} | `{row.file}` | {_kilobytes(row.num_bytes)} | {_kilobytes(row.num_zipped_bytes)} | "
        f"{row.num_right:,} | {100 * row.num_right / row.num_samples:.2f} % | "
        f"{100 * row.interval[0]:.2f} to {100 * row.interval[1]:.2f} % | {row.num_other} | {row.num_refused} | "
        f"{row.max_difference:.2g} | {row.mean_difference:.2g} | {row.same_on_pieces:.1%} | {row.images_per_s:,.0f} |"
        for row in rows
    ]
    lines += [
        "",
        "- right: the likeliest of the ten digits is the label. Intervals are Wilson's.",
        "- other reading: digits that are read otherwise than by the SavedModel. refused: whose likeliest class is "
        "that of no digit, or of several.",
        "- zipped: deflated at level 9. Zeros take no room there; in memory they take as much as other weights.",
        "- images/s: of processor time, all threads together, in batches of 250.",
        "- same on pieces: of 1,000 pieces and heaps of digits, those whose likeliest class is the SavedModel's.",
    ]
    if options:
        lines.append(
            f"- pruned: {options.sparsity:.0%} of the weights of every large kernel are zero; "
            f"{options.num_steps} steps of {options.batch_size} canvases to recover in."
        )
    return "\n".join(lines) + "\n"


def _kilobytes(num_bytes: int) -> str:
    return f"{num_bytes / 1000:,.0f}"
