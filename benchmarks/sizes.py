"""How the time grows with what is asked: pictures in a stack, digits in a number.

python -m benchmarks.sizes [--rounds 7]
"""

import argparse
import http.client
import io
import json
import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.load import closed_loop, percentile, post_request
from benchmarks.machine import describe_machine
from benchmarks.pictures import CONTENT_TYPE, digit_pngs, multipart
from benchmarks.processes import HOST, ROOT, Server
from benchmarks.servers import SERVICE, serving
from benchmarks.tables import markdown_table, write_results

STACKS = (1, 8, 64, 256, 512)
LENGTHS = (1, 2, 4, 8, 16, 32)
SECONDS_PER_LENGTH = 3.0


def main() -> None:
    """Measure, and write the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7, help="stacks of each size")
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    with serving(SERVICE, arguments.models_dir) as server:
        stacks = [read_stack(server, size, arguments.rounds) for size in STACKS]
        numbers = [read_numbers(server, length) for length in LENGTHS]
    document = {"machine": describe_machine(), "num_rounds": arguments.rounds, "stacks": stacks, "numbers": numbers}
    stack_header = ("pictures in a stack (`/batch`, `model=cnn`)", "ms, median", "ms, slowest", "pictures/s")
    number_header = ("digits in a number (`/sequence`)", "readings", "p50 ms", "p99 ms")
    table = "\n\n".join(
        [
            markdown_table(stack_header, [tuple(row.values()) for row in stacks]),
            markdown_table(number_header, [tuple(row.values()) for row in numbers]),
        ]
    )
    if arguments.results:
        write_results("sizes", document, table, folder=arguments.results)
    print(table)


def read_stack(server: Server, size: int, num_rounds: int) -> dict[str, float]:
    """One request with so many pictures, several times; one client."""
    pngs = digit_pngs()
    body = multipart([("files", pngs[index % len(pngs)]) for index in range(size)])
    seconds = []
    with closing(http.client.HTTPConnection(HOST, server.port, timeout=600)) as connection:
        for _ in range(num_rounds + 1):
            began = time.perf_counter()
            connection.request("POST", "/batch?model=cnn", body, {"Content-Type": CONTENT_TYPE})
            answer = json.loads(connection.getresponse().read())
            seconds.append(time.perf_counter() - began)
            if answer["summary"]["failed"]:
                raise SystemExit(f"a stack was not read: {answer['summary']}")
    del seconds[0]  # the first of a size warms caches
    median_s = statistics.median(seconds)
    return {
        "num_pictures": size,
        "median_ms": round(median_s * 1e3, 1),
        "slowest_ms": round(max(seconds) * 1e3, 1),
        "pictures_per_s": round(size / median_s),
    }


def read_numbers(server: Server, length: int) -> dict[str, float]:
    """Numbers of so many digits, one client."""
    request = post_request("/sequence", number_png([index % 10 for index in range(1, length + 1)]))
    answers = closed_loop(server.port, [request], num_connections=1, duration_s=SECONDS_PER_LENGTH)
    if any(answer.status != http.client.OK for answer in answers):
        raise SystemExit(f"a number of {length} digits was not read")
    latencies = [answer.latency_ms for answer in answers[1:]]
    return {
        "num_digits": length,
        "num_readings": len(latencies),
        "p50_ms": round(percentile(latencies, 50), 1),
        "p99_ms": round(percentile(latencies, 99), 1),
    }


def number_png(digits: Sequence[int]) -> bytes:
    """Digits side by side, dark on light, 28 pixels high."""
    pngs = digit_pngs()
    pictures = [np.asarray(Image.open(io.BytesIO(pngs[digit]))) for digit in digits]
    file = io.BytesIO()
    Image.fromarray(np.hstack(pictures)).save(file, "PNG")
    return file.getvalue()


if __name__ == "__main__":
    main()
