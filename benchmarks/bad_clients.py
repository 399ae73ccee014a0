"""Clients that misbehave, beside some that do not: are those harmed?

    python -m benchmarks.bad_clients [--duration 5]

Eight good clients ask all the time; first alone, then beside 200 clients that send a byte a second, 200 that have sent
half a body and say no more, and others that hang up as soon as they have asked.
"""

import argparse
import socket
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.load import closed_loop, percentile, predict_request
from benchmarks.machine import describe_machine
from benchmarks.pictures import digit_pngs
from benchmarks.processes import HOST, ROOT
from benchmarks.servers import SERVICE, serving
from benchmarks.tables import markdown_table, write_results

NUM_GOOD = 8
NUM_SLOW = 200
NUM_HALF = 200
HANG_UPS_PER_S = 100
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # SO_LINGER of 0 s: the server gets a reset, as from a killed process

Misbehavior = Callable[[int, bytes, threading.Event], None]


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--duration", type=float, default=5.0, help="seconds per kind of client")
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    kinds: dict[str, Misbehavior | None] = {
        "nobody else": None,
        f"{NUM_SLOW} that send a byte a second": send_slowly,
        f"{NUM_HALF} with half a body": send_half,
        f"{HANG_UPS_PER_S} a second that hang up": hang_up,
        "nobody else, afterwards": None,
    }
    rows = []
    with serving(SERVICE, arguments.models_dir) as server:
        for kind, misbehave in kinds.items():
            rows.append({"beside": kind, **_measure(server.port, misbehave, arguments.duration)})
            rows[-1]["rss_mib"] = round(server.rss_bytes() / 2**20)
            print(rows[-1], flush=True)
    document = {"machine": describe_machine(), "num_good": NUM_GOOD, "rows": rows}
    header = ("good clients beside", "readings/s", "p50 ms", "p99 ms", "not 200", "RSS MiB")
    table = markdown_table(header, [tuple(row.values()) for row in rows])
    if arguments.results:
        write_results("bad_clients", document, table, folder=arguments.results)
    print(table)


def _measure(port: int, misbehave: Misbehavior | None, duration_s: float) -> dict[str, object]:
    requests = [predict_request(picture) for picture in digit_pngs()]
    enough = threading.Event()
    threads = [threading.Thread(target=misbehave, args=(port, requests[0], enough))] if misbehave else []
    for thread in threads:
        thread.start()
    time.sleep(1.0)  # so that all bad clients are there
    answers = closed_loop(port, requests, num_connections=NUM_GOOD, duration_s=duration_s)
    enough.set()
    for thread in threads:
        thread.join()
    latencies = [answer.latency_ms for answer in answers]
    return {
        "readings_per_s": round(len(answers) / duration_s),
        "p50_ms": round(percentile(latencies, 50), 2),
        "p99_ms": round(percentile(latencies, 99), 1),
        "num_failed": sum(answer.status != 200 for answer in answers),
    }


def send_slowly(port: int, request: bytes, enough: threading.Event) -> None:
    """Requests that come in at a byte a second, and never get to their end."""
    clients = [socket.create_connection((HOST, port)) for _ in range(NUM_SLOW)]
    for byte in request:
        for client in clients:
            client.send(bytes([byte]))
        if enough.wait(1.0):
            break
    _close(clients)


def send_half(port: int, request: bytes, enough: threading.Event) -> None:
    """Requests that stop in the middle of the picture."""
    clients = [socket.create_connection((HOST, port)) for _ in range(NUM_HALF)]
    for client in clients:
        client.sendall(request[: len(request) * 3 // 4])
    enough.wait()
    _close(clients)


def hang_up(port: int, request: bytes, enough: threading.Event) -> None:
    """Whole requests by clients that are gone before the answer."""
    while not enough.wait(1 / HANG_UPS_PER_S):
        client = socket.create_connection((HOST, port))
        client.sendall(request)
        _close([client])


def _close(clients: list[socket.socket]) -> None:
    for client in clients:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        client.close()


if __name__ == "__main__":
    main()
