"""The same upload, the same network, seven servers: which answers how many requests, and how fast.

    python -m benchmarks.compare [--duration 5] [--only NAME]

Servers run one at a time on all cores of this machine, which wrk shares with them, so that ratios within one run are
what counts. The bare endpoint is measured before and after the service: how far its two rows lie apart is how far
the machine can be trusted.
"""

import argparse
import http.client
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.pictures import CONTENT_TYPE, digit_pngs, multipart_body
from benchmarks.processes import HOST, ROOT, BenchmarkError, Server
from benchmarks.servers import (
    BARE,
    OTHER_SERVERS,
    SERVICE,
    SERVICE_ONE_WORKER,
    SERVICE_WITHOUT_LOG,
    Contestant,
    newest_cnn,
    serving,
)
from benchmarks.tables import markdown_table, plot_growth, write_results
from benchmarks.wrk import Throughput, require_wrk, run_wrk

CONNECTIONS = (1, 8, 32, 128, 256)
RATE_OF_BARE = "rate at 32 connections, of the bare endpoint's"
RATE_OF_BEST = "rate at 32 connections, of the best other server's"
P50_OF_BARE = "p50 at one connection, of the bare endpoint's"
WANTED = {RATE_OF_BARE: "at least 0.6", RATE_OF_BEST: "at least 2", P50_OF_BARE: "at most 4"}
WARM_UP_S = 2
IDLE_LOOK_S = 0.4
IDLE_LIMIT_S = 15
ROUNDS = (BARE, SERVICE, SERVICE_WITHOUT_LOG, BARE, SERVICE_ONE_WORKER, *OTHER_SERVERS)


@dataclass(frozen=True, slots=True)
class Row:
    """One server under one load."""

    server: str
    num_connections: int
    requests_per_s: float
    p50_ms: float
    p99_ms: float
    num_failed: int
    rss_mib: float
    cores_used: float


def main() -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=int, default=5, help="seconds per number of connections")
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS)
    parser.add_argument("--only", nargs="+", help="servers by name, instead of all")
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path, help="folder for the tables")
    arguments = parser.parse_args()
    require_wrk()
    rows: list[Row] = []
    for contestant in ROUNDS:
        if not arguments.only or contestant.name in arguments.only:
            rows += measure(contestant, arguments.models_dir, arguments.connections, arguments.duration)
    manifest = json.loads((newest_cnn(arguments.models_dir) / "manifest.json").read_text(encoding="utf-8"))
    document = {
        "machine": describe_machine(),
        "num_parameters": manifest["num_parameters"],
        "duration_s": arguments.duration,
        "rows": [asdict(row) for row in rows],
        "ratios": ratios(rows),
    }
    table = f"{comparison_table(rows)}\n\n{ratio_table(document['ratios'])}"
    if arguments.results:
        write_results("compare", document, table, folder=arguments.results)
        plot_growth(document["rows"], arguments.results / "compare.png")
    print(table)


def measure(contestant: Contestant, models_dir: Path, connections: Sequence[int], duration_s: int) -> list[Row]:
    """One server under each load, the smallest first; memory is looked at while the load is on its heels."""
    pictures = digit_pngs()
    rows = []
    with serving(contestant, models_dir) as server:
        url = server.address + contestant.predict_path
        check_answers(server.port, contestant, pictures)
        run_wrk(url, pictures, num_connections=8, duration_s=WARM_UP_S)
        for num_connections in connections:
            wait_until_idle(server)
            cpu_s = server.cpu_s()
            seen = run_wrk(url, pictures, num_connections=num_connections, duration_s=duration_s)
            row = _row(
                contestant,
                num_connections,
                seen,
                rss_mib=server.rss_bytes() / 2**20,
                cores_used=(server.cpu_s() - cpu_s) / duration_s,
            )
            print(row, flush=True)
            rows.append(row)
    return rows


def check_answers(port: int, contestant: Contestant, pictures: Sequence[bytes]) -> None:
    """See that every picture is answered with a digit, before anything is counted.

    Raises:
        BenchmarkError: one is not.
    """
    for picture in pictures:
        connection = http.client.HTTPConnection(HOST, port, timeout=30)
        with closing(connection):
            connection.request("POST", contestant.predict_path, multipart_body(picture), {"Content-Type": CONTENT_TYPE})
            answer = connection.getresponse()
            body = answer.read()
        if answer.status != http.client.OK or "digit" not in json.loads(body):
            raise BenchmarkError(f"{contestant.name} answers a digit with {answer.status}: {body[:500]!r}")


def wait_until_idle(server: Server) -> None:
    """Let a server finish what clients that have gone left behind; some go on computing for seconds."""
    deadline = time.monotonic() + IDLE_LIMIT_S
    while time.monotonic() < deadline:
        cpu_s = server.cpu_s()
        time.sleep(IDLE_LOOK_S)
        if server.cpu_s() - cpu_s < 0.1 * IDLE_LOOK_S:
            return


def _row(contestant: Contestant, num_connections: int, seen: Throughput, *, rss_mib: float, cores_used: float) -> Row:
    return Row(
        contestant.name,
        num_connections,
        round(seen.requests_per_s, 1),
        round(seen.p50_ms, 2),
        round(seen.p99_ms, 1),
        seen.num_failed,
        round(rss_mib),
        round(cores_used, 2),
    )


def ratios(rows: Sequence[Row]) -> dict[str, float]:
    """The figures that the service is held to; left out where a row for one was not measured."""
    found: dict[str, float] = {}
    for service in (SERVICE.name, SERVICE_WITHOUT_LOG.name, SERVICE_ONE_WORKER.name):
        rate, p50 = _mean(rows, service, 32, "requests_per_s"), _mean(rows, service, 1, "p50_ms")
        bare_rate, bare_p50 = _mean(rows, BARE.name, 32, "requests_per_s"), _mean(rows, BARE.name, 1, "p50_ms")
        others = [_mean(rows, other.name, 32, "requests_per_s") for other in OTHER_SERVERS]
        best_other = max((value for value in others if value is not None), default=None)
        if rate and bare_rate:
            found[f"{service}: {RATE_OF_BARE}"] = round(rate / bare_rate, 2)
        if rate and best_other:
            found[f"{service}: {RATE_OF_BEST}"] = round(rate / best_other, 2)
        if p50 and bare_p50:
            found[f"{service}: {P50_OF_BARE}"] = round(p50 / bare_p50, 2)
    return found


def ratio_table(found: Mapping[str, float]) -> str:
    """The same, each beside what is wanted."""
    return markdown_table(
        ("figure", "measured", "wanted"),
        [(name, value, WANTED[name.partition(": ")[2]]) for name, value in found.items()],
    )


def _mean(rows: Sequence[Row], server: str, num_connections: int, figure: str) -> float | None:
    values = [
        float(getattr(row, figure)) for row in rows if row.server == server and row.num_connections == num_connections
    ]
    return sum(values) / len(values) if values else None


def comparison_table(rows: Sequence[Row]) -> str:
    """All rows for people."""
    return markdown_table(
        ("server", "connections", "requests/s", "p50 ms", "p99 ms", "failed", "RSS MiB", "cores used"),
        [
            (
                row.server,
                row.num_connections,
                f"{row.requests_per_s:,.0f}",
                f"{row.p50_ms:.2f}",
                f"{row.p99_ms:.0f}",
                row.num_failed,
                f"{row.rss_mib:,.0f}",
                f"{row.cores_used:.2f}",
            )
            for row in rows
        ],
    )


if __name__ == "__main__":
    main()
