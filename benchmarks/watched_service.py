"""The service, with an ear on every file that it opens for writing: a line on standard output for each.

Its workers import this module as `__mp_main__` (docs.python.org, multiprocessing), and listen as well.
Python tells its audit hooks about `open`, whoever calls it. What C code opens by itself is not heard; the soak looks
at the folders too.
"""

import json
import os
import sys

from service.cli import main

MARK = "written-file"


def hear(event: str, arguments: tuple[object, ...]) -> None:
    """An audit hook; see PEP 578."""
    if event == "open":
        path, mode, flags = arguments
        writes = isinstance(mode, str) and any(letter in mode for letter in "wax+")
        creates = isinstance(flags, int) and bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if writes or creates:
            _tell(str(path))
    elif event in ("os.mkdir", "os.rename", "os.link", "os.symlink") or event.startswith("tempfile."):
        _tell(f"{event} {arguments[0]}")


def _tell(what: str) -> None:
    os.write(1, (json.dumps({MARK: what}) + "\n").encode())


if __name__ in ("__main__", "__mp_main__"):
    sys.addaudithook(hear)
if __name__ == "__main__":
    sys.exit(main([]))
