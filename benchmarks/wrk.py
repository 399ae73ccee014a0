"""wrk as the client: connections that each wait for their answer and ask again at once."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.pictures import CONTENT_TYPE, multipart_body
from benchmarks.processes import BenchmarkError

SCRIPT = Path(__file__).with_name("wrk.lua")


@dataclass(frozen=True, slots=True)
class Throughput:
    """What wrk has seen in one run.

    Attributes:
        requests_per_s: answered with success; refused ones do not count.
        p50_ms: median latency, of all answers.
        p99_ms: 99th percentile.
        num_failed: answers with an error status, time-outs and broken connections.
    """

    requests_per_s: float
    p50_ms: float
    p99_ms: float
    num_failed: int


def require_wrk() -> None:
    """Say at once, and not after ten minutes, that it is missing.

    Raises:
        BenchmarkError: it is.
    """
    if shutil.which("wrk") is None:
        raise BenchmarkError("wrk is not installed; on Debian and Ubuntu: apt-get install wrk.")


def run_wrk(url: str, pictures: Sequence[bytes], *, num_connections: int, duration_s: float) -> Throughput:
    """Send pictures for a while.

    Args:
        url: of a server on this machine.
        pictures: files, one per request in turn.
        num_connections: clients at a time.
        duration_s: at least 1.
    """
    with tempfile.TemporaryDirectory() as folder:
        bodies = [Path(folder) / str(number) for number in range(len(pictures))]
        for file, picture in zip(bodies, pictures, strict=True):
            file.write_bytes(multipart_body(picture))
        command = ["wrk", "--threads", "1", "--connections", str(num_connections), "--duration", f"{duration_s:.0f}s"]
        command += ["--timeout", "10s", "--script", str(SCRIPT), url, "--", CONTENT_TYPE, *map(str, bodies)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    seen = json.loads(output.strip().splitlines()[-1])
    num_failed = seen["refused"] + seen["timeouts"] + seen["broken"]
    return Throughput(
        requests_per_s=(seen["num_requests"] - seen["refused"]) / (seen["duration_us"] / 1e6),
        p50_ms=seen["p50_us"] / 1e3,
        p99_ms=seen["p99_us"] / 1e3,
        num_failed=num_failed,
    )
