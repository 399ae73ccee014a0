import subprocess
import sys
import threading

import pytest

from service.runtime.device_thread import DeviceThread
from tests.project import ROOT


def test_calls_run_one_after_the_other_on_one_thread():
    thread = DeviceThread()
    calls = [thread.submit(lambda number=number: (number, threading.current_thread().name)) for number in range(5)]

    assert [call.result(timeout=30) for call in calls] == [(number, "tensorflow") for number in range(5)]
    thread.shutdown()


def test_failure_is_the_answer_and_the_next_call_gets_its_chance():
    thread = DeviceThread()
    failing = thread.submit(lambda: 1 / 0)
    assert thread.submit(lambda: "next").result(timeout=30) == "next"
    with pytest.raises(ZeroDivisionError):
        failing.result(timeout=30)
    thread.shutdown()


def test_call_that_is_cancelled_before_it_begins_is_left_out():
    thread = DeviceThread()
    gate = threading.Event()
    running = thread.submit(gate.wait, 30)
    left_out = thread.submit(lambda: "left out")
    assert left_out.cancel()
    gate.set()
    assert running.result(timeout=30)
    thread.shutdown()
    with pytest.raises(RuntimeError):
        thread.submit(lambda: None)


def test_call_that_hangs_does_not_keep_the_process_from_ending():
    program = """
import threading
from service.runtime.device_thread import DeviceThread
DeviceThread().submit(threading.Event().wait)
print("the end")
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert (done.returncode, done.stdout) == (0, "the end\n"), done.stderr
