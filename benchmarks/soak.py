"""A hundred thousand readings: does memory grow, is anything traced again, is a file made, does it get slower?

python -m benchmarks.soak [--readings 100000]
"""

import argparse
import http.client
import json
import re
import time
from collections import Counter
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from benchmarks.load import closed_loop, predict_request
from benchmarks.machine import describe_machine
from benchmarks.pictures import digit_pngs
from benchmarks.processes import HOST, ROOT, Server
from benchmarks.servers import SERVICE, serving
from benchmarks.tables import markdown_table, write_results
from benchmarks.watched_service import MARK

NUM_CONNECTIONS = 32
NUM_STRETCHES = 10
WATCHED = replace(SERVICE, module=("benchmarks.watched_service",), settings={"DIGITS_LOG_LEVEL": "warning"})


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readings", type=int, default=100_000)
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    document = {"machine": describe_machine(), **soak(arguments.models_dir, arguments.readings)}
    table = soak_table(document)
    if arguments.results:
        write_results("soak", document, table, folder=arguments.results)
    print(table)


def soak(models_dir: Path, num_readings: int) -> dict[str, object]:
    """Read pictures in equal stretches, and look at all processes of the service after each."""
    requests = [predict_request(picture) for picture in digit_pngs()]
    stretches = []
    seen_files: set[str] = set()
    with serving(WATCHED, models_dir) as server:
        # Several, so that each worker has read something.
        closed_loop(server.port, requests, num_connections=NUM_CONNECTIONS, num_requests=10 * NUM_CONNECTIONS)
        told_before = len(server.said().splitlines())
        traces_before = _num_traces(server)
        open_before, left_before = _open_files(server), set(server.folder.rglob("*"))
        size = num_readings // NUM_STRETCHES
        for number in range(1, NUM_STRETCHES + 1):
            began = time.monotonic()
            answers = closed_loop(
                server.port,
                requests,
                num_connections=NUM_CONNECTIONS,
                num_requests=size,
                on_answer=lambda count: seen_files.update(_open_files(server)) if count % 500 == 0 else None,
            )
            statuses = Counter(answer.status for answer in answers)
            stretches.append(
                {
                    "num_readings": number * size,
                    "num_failed": len(answers) - statuses[http.client.OK],
                    "num_refused": statuses[http.client.TOO_MANY_REQUESTS],  # of those that failed
                    "ms_per_reading": round((time.monotonic() - began) * 1e3 / size, 3),
                    "rss_mib": round(server.rss_bytes() / 2**20, 1),
                }
            )
            print(stretches[-1], flush=True)
        heard = [line for line in server.said().splitlines()[told_before:] if MARK in line]
        return {
            "num_connections": NUM_CONNECTIONS,
            "stretches": stretches,
            "rss_growth_mib": round(stretches[-1]["rss_mib"] - stretches[0]["rss_mib"], 1),
            "traces": {"before": traces_before, "after": _num_traces(server)},
            "files_opened_for_writing": [json.loads(line)[MARK] for line in heard],
            "files_left": sorted(path.name for path in set(server.folder.rglob("*")) - left_before),
            "files_seen_open": sorted(seen_files - open_before),
        }


def soak_table(document: dict[str, object]) -> str:
    """A row per stretch, and what was found besides."""
    stretches: list[dict[str, object]] = document["stretches"]  # type: ignore[assignment]
    table = markdown_table(
        ("readings", "ms per reading", "RSS MiB", "not 200"),
        [(f"{one['num_readings']:,}", one["ms_per_reading"], one["rss_mib"], one["num_failed"]) for one in stretches],
    )
    traces: dict[str, object] = document["traces"]  # type: ignore[assignment]
    files = [*document["files_opened_for_writing"], *document["files_left"], *document["files_seen_open"]]  # type: ignore[misc]
    return (
        f"{table}\n\nMemory grew by {document['rss_growth_mib']} MiB after the first tenth. "
        f"Traces after ready: {traces['after'] if traces['after'] is not None else 'not told by /metrics'}. "
        f"Files opened for writing, left behind or seen open: {files or 'none'}."
    )


def _num_traces(server: Server) -> float | None:
    """The counter of traces after ready in `/metrics`; None where there is none."""
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=10)) as connection:
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode(errors="replace")
    values = re.findall(r"^digits_\w*traces\w*(?:\{[^}]*\})? ([\d.e+]+)$", text, flags=re.MULTILINE)
    return sum(map(float, values)) if values else None


def _open_files(server: Server) -> set[str]:
    """Regular files that the service's processes hold open just now, however they were opened."""
    found = set()
    for pid in server.pids():
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                target = str(link.readlink())
            except OSError:  # closed meanwhile
                continue
            if target.startswith("/") and not target.startswith("/dev/"):
                found.add(target)
    return found


if __name__ == "__main__":
    main()
