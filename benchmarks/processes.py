"""Servers as processes: start one, wait until it answers, look at its memory and files, and stop it again."""

import http.client
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parent.parent
READY_IN_A_ROW = 8  # where several processes share a port, any of them may be asked
START_LIMIT_S = 120
STOP_LIMIT_S = 20
HOST = "127.0.0.1"


class BenchmarkError(Exception):
    """A measurement cannot be made as things are; the message says what is missing."""


@dataclass(frozen=True, slots=True)
class Server:
    """A server that runs and answers.

    Attributes:
        process: its first process, the leader of a session of its own.
        port: on 127.0.0.1.
        folder: working and temporary directory; empty when the server was started, gone after it.
        output: what it prints.
    """

    process: subprocess.Popen[bytes]
    port: int
    folder: Path
    output: IO[bytes]

    @property
    def address(self) -> str:
        """`http://127.0.0.1:PORT`."""
        return f"http://{HOST}:{self.port}"

    def said(self) -> str:
        """All that it has printed so far."""
        # By position, since the server writes through the same open file.
        return os.pread(self.output.fileno(), os.fstat(self.output.fileno()).st_size, 0).decode(errors="replace")

    def pids(self) -> list[int]:
        """The process and all that it has started, by session or by parent."""
        return _family(self.process.pid)

    def rss_bytes(self) -> int:
        """Resident memory of all its processes; pages that they share are counted in each."""
        return sum(rss_bytes(pid) for pid in self.pids())

    def cpu_s(self) -> float:
        """Processor time used so far by all its processes."""
        return sum(_cpu_s(pid) for pid in self.pids())


@contextmanager
def running(
    command: Sequence[str], *, port: int, ready_path: str, environment: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server that answers 200 on `ready_path`.

    Args:
        command: program and arguments.
        port: that it has been told to listen on.
        ready_path: asked until it answers.
        environment: on top of this process's own; settings of the service (`DIGITS_`) come from here alone.

    Raises:
        BenchmarkError: it ended, or did not answer in time; with the end of what it printed.
    """
    outside = {name: value for name, value in os.environ.items() if not name.startswith("DIGITS_")}
    with tempfile.TemporaryDirectory(prefix="digits-benchmark-") as folder, tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            env=outside
            | {
                "PYTHONPATH": str(ROOT),
                "PYTHONDONTWRITEBYTECODE": "1",
                "TMPDIR": folder,
                "TF_CPP_MIN_LOG_LEVEL": "2",
                "CUDA_VISIBLE_DEVICES": "-1",  # every contestant on the processor
            }
            | dict(environment or {}),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        server = Server(process, port, Path(folder), output)
        try:
            _wait_until_ready(server, ready_path)
            yield server
        finally:
            _stop(server)


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def rss_bytes(pid: int) -> int:
    """Resident memory of one process; 0 when it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _family(leader: int) -> list[int]:
    """Pids of the leader's session, and of all descendants: Ray's daemons leave the session, not the family."""
    parents: dict[int, int] = {}
    sessions: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        except OSError:
            continue
        pid = int(folder.name)
        parents[pid], sessions[pid] = int(fields[1]), int(fields[3])
    family = {pid for pid, session in sessions.items() if session == leader} | {leader}
    while grown := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= grown
    return sorted(pid for pid in family if pid in parents)


def answers(port: int, path: str) -> bool:
    """Whether the server answers a GET with 200 just now."""
    connection = http.client.HTTPConnection(HOST, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait_until_ready(server: Server, path: str) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    num_ready = 0
    while time.monotonic() < deadline and server.process.poll() is None:
        num_ready = num_ready + 1 if answers(server.port, path) else 0
        if num_ready == READY_IN_A_ROW:
            return
        time.sleep(0.2)
    raise BenchmarkError(f"The server does not answer {path}. It said:\n{server.said()[-3000:]}")


def _stop(server: Server) -> None:
    family = server.pids()
    server.process.terminate()
    with suppress(subprocess.TimeoutExpired):
        server.process.wait(STOP_LIMIT_S)
    # What it has left behind goes too, but only what is surely its own: a pid may be someone else's by now.
    for pid in family:
        if _was_started_in(pid, server.folder):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
    server.process.wait()


def _was_started_in(pid: int, folder: Path) -> bool:
    """Whether the process carries the server's temporary directory in its environment."""
    try:
        return f"TMPDIR={folder}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
