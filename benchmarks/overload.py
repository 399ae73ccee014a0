"""Twice the rate that the service can bear, for half a minute: who waits, who is refused, and is it well afterwards?

    python -m benchmarks.overload [--duration 30] [--rate N]

The rate it can bear is what wrk gets through 32 connections. Then an open loop sends half of that, twice that and half
of it again, while another client asks `/health/live` fifty times a second. At last 512 clients in a closed loop meet a
service whose queue is short. All of them share the cores with the service: on two cores, what the clients take is
missing there, and the figures are worse than with clients elsewhere.
"""

import argparse
import multiprocessing
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.load import Answer, Phase, closed_loop, get_request, open_loop, percentile, predict_request
from benchmarks.machine import describe_machine
from benchmarks.pictures import digit_pngs
from benchmarks.processes import ROOT
from benchmarks.servers import SERVICE, serving
from benchmarks.tables import markdown_table, write_results
from benchmarks.wrk import require_wrk, run_wrk

FACTOR = 2.0
CALM_S = 5.0
RECOVERY_S = 2.0
MAX_CONNECTIONS = 1000
PROBES_PER_S = 50
CROWD = 512
SHORT_QUEUE = 16


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=30.0, help="seconds of overload")
    parser.add_argument("--rate", type=float, help="requests per second that it can bear, instead of asking wrk")
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    pictures = digit_pngs()
    with serving(SERVICE, arguments.models_dir) as server:
        bearable = arguments.rate
        if bearable is None:
            require_wrk()
            url = server.address + SERVICE.predict_path
            bearable = run_wrk(url, pictures, num_connections=32, duration_s=5).requests_per_s
        phases = [
            Phase(bearable / 2, CALM_S),
            Phase(bearable * FACTOR, arguments.duration),
            Phase(bearable / 2, CALM_S + RECOVERY_S),
        ]
        with probing(server.port, sum(phase.duration_s for phase in phases)) as probed:
            answers = open_loop(
                server.port, [predict_request(one) for one in pictures], phases, max_connections=MAX_CONNECTIONS
            )
            probes = probed.result()
        rss_mib = server.rss_bytes() / 2**20
    crowd = crowd_at_a_short_queue(arguments.models_dir, [predict_request(one) for one in pictures])
    document = {
        "machine": describe_machine(),
        "bearable_per_s": round(bearable, 1),
        "max_connections": MAX_CONNECTIONS,
        "rss_mib": round(rss_mib),
        **judge(answers, probes, phases),
        "crowd": crowd,
    }
    table = overload_table(document)
    if arguments.results:
        write_results("overload", document, table, folder=arguments.results)
    print(table)


def crowd_at_a_short_queue(models_dir: Path, requests: Sequence[bytes]) -> dict[str, object]:
    """Hundreds of clients that ask again at once, whatever they are answered; a queue for a few of them."""
    contestant = replace(SERVICE, settings={"DIGITS_QUEUE_LIMIT": str(SHORT_QUEUE)})
    with serving(contestant, models_dir) as server:
        closed_loop(server.port, requests, num_connections=1, num_requests=100)
        with probing(server.port, CALM_S) as probed:
            answers = closed_loop(server.port, requests, num_connections=CROWD, duration_s=CALM_S)
            probes = probed.result()
    return {"num_clients": CROWD, "queue_limit": SHORT_QUEUE, **_figures(answers, probes, CALM_S)}


def judge(answers: Sequence[Answer], probes: Sequence[Answer], phases: Sequence[Phase]) -> dict[str, object]:
    """Figures per phase, and how long the service took to be as before."""
    begin_s = min(answer.due_s for answer in answers)
    edges = [begin_s]
    for phase in phases:
        edges.append(edges[-1] + phase.duration_s)
    stretches = {
        "before": (edges[0], edges[1]),
        "overload": (edges[1], edges[2]),
        "after": (edges[2] + RECOVERY_S, edges[3]),
    }
    figures: dict[str, object] = {
        name: _figures(
            [answer for answer in answers if begin <= answer.due_s < end],
            [probe for probe in probes if begin <= probe.due_s < end],
            end - begin,
        )
        for name, (begin, end) in stretches.items()
    }
    usual_ms = percentile([one.latency_ms for one in answers if one.due_s < edges[1]], 99)
    unusual = [
        one.due_s - edges[2]
        for one in answers
        if one.due_s >= edges[2] and (one.status != 200 or one.latency_ms > 2 * max(usual_ms, 10.0))
    ]
    # Until the last request that fared worse than most did before; later ones are the stragglers of any calm time.
    early = [since for since in unusual if since < RECOVERY_S]
    return {**figures, "back_to_normal_s": round(max(early, default=0.0), 2)}


def _figures(answers: Sequence[Answer], probes: Sequence[Answer], duration_s: float) -> dict[str, object]:
    read = [answer.latency_ms for answer in answers if answer.status == 200]
    refused = [answer.latency_ms for answer in answers if answer.status == 429]
    health = [probe.latency_ms for probe in probes if probe.status == 200]
    return {
        "sent_per_s": round(len(answers) / duration_s, 1),
        "statuses": {str(status): count for status, count in sorted(Counter(one.status for one in answers).items())},
        "read_per_s": round(len(read) / duration_s, 1),
        "read_p50_ms": round(percentile(read, 50), 1),
        "read_p99_ms": round(percentile(read, 99), 1),
        "refused_p99_ms": round(percentile(refused, 99), 1),
        "health_p99_ms": round(percentile(health, 99), 1),
        "health_failed": len(probes) - len(health),
        "sent_late_p99_ms": round(percentile([(one.sent_s - one.due_s) * 1e3 for one in answers], 99), 1),
    }


def overload_table(document: dict[str, object]) -> str:
    """The three phases side by side."""
    names = ("before", "overload", "after", "crowd")
    phases: list[dict[str, object]] = [document[name] for name in names]  # type: ignore[misc]
    labels = {
        "sent_per_s": "requests sent per second",
        "statuses": "answers by status",
        "read_per_s": "readings (200) per second",
        "read_p50_ms": "p50 of the readings, ms",
        "read_p99_ms": "p99 of the readings, ms",
        "refused_p99_ms": "p99 of the refusals (429), ms",
        "health_p99_ms": "p99 of /health/live, ms",
        "health_failed": "/health/live failed",
    }
    rows = [(label, *(_shown(phase[key]) for phase in phases)) for key, label in labels.items()]
    rows.append(("back to normal after, s", "", "", document["back_to_normal_s"], ""))
    crowd = f"{CROWD} clients, queue of {SHORT_QUEUE}"
    header = ("", "half the rate", "twice the rate", f"half again, from {RECOVERY_S:g} s on", crowd)
    return markdown_table(header, rows)


def _shown(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{status}: {count:,}" for status, count in value.items())
    return "-" if value != value else str(value)  # nan: there were none


@contextmanager
def probing(port: int, duration_s: float) -> Iterator[Future[list[Answer]]]:
    """Ask `/health/live` all the while, from a process of its own: in this one it would wait for the other clients."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        pool.submit(_probe, port, 0.1).result()  # so that it has started, and all modules are there
        yield pool.submit(_probe, port, duration_s)


def _probe(port: int, duration_s: float) -> list[Answer]:
    return open_loop(port, [get_request("/health/live")], [Phase(PROBES_PER_S, duration_s)], max_connections=20)


if __name__ == "__main__":
    main()
