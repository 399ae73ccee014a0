"""Results: JSON for programs, Markdown and a plot for people; both with the machine that they come from."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.machine import machine_line


def write_results(story: str, document: Mapping[str, Any], table: str, *, folder: Path) -> None:
    """Write `STORY.json` and `STORY.md`; the document holds the `machine`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{story}.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    (folder / f"{story}.md").write_text(f"{machine_line(document['machine'])}\n\n{table}\n", encoding="utf-8")


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; the first column to the left, numbers to the right."""
    lines = ["| " + " | ".join(header) + " |", "|---" + "|---:" * (len(header) - 1) + "|"]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)


def plot_growth(rows: Sequence[Mapping[str, object]], file: Path) -> None:
    """Throughput, p50, p99 and memory by the number of connections, one line per server."""
    # Here and not above, so that measuring needs no display library.
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    figures = {"requests_per_s": "requests/s", "p50_ms": "p50, ms", "p99_ms": "p99, ms", "rss_mib": "RSS, MiB"}
    plot, grid = pyplot.subplots(2, 2, figsize=(10, 7), layout="constrained")
    servers = list(dict.fromkeys(str(row["server"]) for row in rows))
    for axes, (figure, label) in zip(grid.flat, figures.items(), strict=True):
        for server in servers:
            by_load: dict[int, list[float]] = {}
            for row in rows:
                if row["server"] == server:
                    by_load.setdefault(int(str(row["num_connections"])), []).append(float(str(row[figure])))
            loads = sorted(by_load)
            means = [sum(by_load[load]) / len(by_load[load]) for load in loads]
            axes.plot(
                loads, means, marker="o", markersize=3, linewidth=2 if server.startswith("this") else 1, label=server
            )
        axes.set(xscale="log", yscale="log", xlabel="connections", ylabel=label)
        axes.set_xticks(sorted({int(str(row["num_connections"])) for row in rows}))
        axes.get_xaxis().set_major_formatter(mpl.ticker.ScalarFormatter())
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    handles, labels = grid.flat[0].get_legend_handles_labels()
    plot.legend(handles, labels, loc="outside lower center", ncols=3, frameon=False)
    plot.savefig(file, dpi=80)
    pyplot.close(plot)
