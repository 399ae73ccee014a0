"""Sending on a line without ever waiting."""

import fcntl
import multiprocessing
import resource
from collections.abc import Iterator
from multiprocessing.connection import Connection

import pytest

from service.workers.messages import AllCanRead, Collected, make_line, say_if_heard

FIRST_BEYOND_SELECT = 1024


@pytest.fixture
def line() -> Iterator[tuple[Connection, Connection]]:
    ends = make_line(multiprocessing.get_context("spawn"))
    yield ends
    for end in ends:
        end.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """While a process may have more than a thousand files open."""
    least = FIRST_BEYOND_SELECT + 64
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < least:
        pytest.skip(f"this system allows {hard} open files")
    if soft != resource.RLIM_INFINITY and soft < least:
        resource.setrlimit(resource.RLIMIT_NOFILE, (least, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_message_is_sent_in_a_process_that_has_a_thousand_files_open(line, many_files):
    here, there = line
    with Connection(fcntl.fcntl(here.fileno(), fcntl.F_DUPFD, FIRST_BEYOND_SELECT)) as far:
        assert far.fileno() >= FIRST_BEYOND_SELECT
        assert say_if_heard(far, AllCanRead(True))

    assert there.recv() == AllCanRead(True)


def test_nobody_waits_for_one_who_does_not_listen(line):
    here, there = line
    message = Collected(b"x" * 50_000)
    num_sent = 0
    while say_if_heard(here, message):
        num_sent += 1
        assert num_sent < 10_000

    assert num_sent > 0
    for _ in range(num_sent):
        assert there.recv() == message
    assert say_if_heard(here, message)


def test_who_has_gone_is_told_nothing(line):
    here, there = line
    there.close()

    assert not say_if_heard(here, AllCanRead(False))


def test_nothing_is_said_on_a_line_that_has_been_closed(line):
    here, _ = line
    here.close()

    assert not say_if_heard(here, AllCanRead(False))
