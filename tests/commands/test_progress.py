import io

from service.commands.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_bar_shows_count_rate_and_what_is_left():
    times = iter([0.0, 2.0, 4.0])
    terminal = Terminal()
    progress = Progress(4, terminal, clock=lambda: next(times))
    progress.advance()
    progress.advance()
    progress.end()

    last = terminal.getvalue().split("\r")[-1]
    assert last == "[###############...............] 2/4 files, 0.5/s, 4 s left  \n"


def test_line_that_is_told_has_a_line_of_its_own():
    terminal, log = Terminal(), io.StringIO()
    progress = Progress(1, terminal, clock=lambda: 1.0)
    progress.tell("before")
    progress.advance()
    progress.tell("after")
    progress.end()
    Progress(1, log).tell("also where nobody looks")

    before, bar, after, nothing = terminal.getvalue().split("\n")
    assert (before, bar[:10], after, nothing) == ("before", "\r[########", "after", "")
    assert log.getvalue() == "also where nobody looks\n"


def test_nothing_is_shown_where_nobody_looks():
    log = io.StringIO()
    progress = Progress(1, log)
    progress.advance()
    progress.end()

    assert log.getvalue() == ""
