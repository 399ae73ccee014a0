"""kill -TERM under load: is every request that was admitted also answered?

    python -m benchmarks.drain [--times 5]

Each request carries an id of its own, and the service logs a line for every request that it has taken up. So the
clients' count and the server's can be compared, id by id: a request that the log calls answered, and that its client
never heard of, is lost; one that was sent before the signal and got no answer is lost as well. One that was sent after
the signal may be refused.
"""

import argparse
import json
import signal
import threading
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from benchmarks.load import NO_ANSWER, Answer, closed_loop, predict_request
from benchmarks.machine import describe_machine
from benchmarks.pictures import digit_pngs
from benchmarks.processes import ROOT, BenchmarkError, Server
from benchmarks.servers import SERVICE, serving
from benchmarks.tables import markdown_table, write_results

NUM_CONNECTIONS = 32
LOAD_S = 2.0


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--times", type=int, default=5)
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    rounds = [terminate_under_load(arguments.models_dir) for _ in range(arguments.times)]
    document = {"machine": describe_machine(), "num_connections": NUM_CONNECTIONS, "rounds": rounds}
    table = markdown_table(
        ("answered", "open at the signal", "of these answered", "lost", "refused after the signal", "exit", "took s"),
        [tuple(one.values())[:7] for one in rounds],
    )
    if arguments.results:
        write_results("drain", document, table, folder=arguments.results)
    print(table)


def terminate_under_load(models_dir: Path) -> dict[str, object]:
    """One service, one signal."""
    requests = [predict_request(picture) for picture in digit_pngs()]
    answers: list[Answer] = []
    with serving(SERVICE, models_dir) as server:
        client = threading.Thread(
            target=lambda: answers.extend(
                closed_loop(server.port, requests, num_connections=NUM_CONNECTIONS, duration_s=LOAD_S + 3)
            )
        )
        client.start()
        time.sleep(LOAD_S)
        signaled_s = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        status = server.process.wait(30)
        took_s = time.monotonic() - signaled_s
        client.join()
        taken_up = _logged(server)
        if not taken_up:
            raise BenchmarkError("The service has logged no request; the log tells what it has taken up.")
    return _figures(answers, taken_up, signaled_s, status, took_s)


def _logged(server: Server) -> Counter[int]:
    """Requests for a reading that the service has taken up, by the status in its log; 0 where it gave no answer."""
    lines = [line for line in server.said().splitlines() if '"path": "/predict"' in line]
    return Counter(json.loads(line)["status"] for line in lines)


def _figures(
    answers: Sequence[Answer], taken_up: Counter[int], signaled_s: float, exit_status: int, took_s: float
) -> dict[str, object]:
    answered = [one for one in answers if one.status != NO_ANSWER]
    open_then = [one for one in answers if one.sent_s <= signaled_s < one.done_s]
    return {
        "num_answered": len(answered),
        "num_open": len(open_then),
        "num_open_answered": sum(one.status != NO_ANSWER for one in open_then),
        # Taken up by the service, and never heard of by a client.
        "num_lost": sum(taken_up.values()) - len(answered),
        "num_refused": sum(one.status == NO_ANSWER and one.sent_s > signaled_s for one in answers),
        "exit_status": exit_status,
        "took_s": round(took_s, 2),
        "statuses": {str(status): number for status, number in Counter(one.status for one in answers).items()},
        "statuses_logged": {str(status): number for status, number in taken_up.items()},
    }


if __name__ == "__main__":
    main()
