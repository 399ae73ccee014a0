"""All stories, one after the other: `python -m benchmarks [--results FOLDER] [--only compare overload ...]`.

Each is a program of its own as well; see its docstring.
"""

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.processes import ROOT, BenchmarkError
from benchmarks.wrk import require_wrk

STORIES = ("compare", "overload", "sizes", "network", "soak", "drain", "bad_clients", "stacks")
NEED_WRK = ("compare", "overload")


def main() -> int:
    """Run them; what cannot be measured here is said and left out.

    Returns:
        The exit status: 1 where a story failed.
    """
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=STORIES, default=STORIES)
    parser.add_argument("--models-dir", type=Path, default=ROOT / "models")
    parser.add_argument("--results", type=Path)
    arguments = parser.parse_args()
    options = ["--models-dir", str(arguments.models_dir.absolute())]
    if arguments.results:
        options += ["--results", str(arguments.results.absolute())]
    status = 0
    for story in arguments.only:
        print(f"== {story}", flush=True)
        if story in NEED_WRK:
            try:
                require_wrk()
            except BenchmarkError as error:
                print(f"Left out: {error}", flush=True)
                continue
        # A process each: what one leaves in memory does not weigh on the next.
        status |= subprocess.run([sys.executable, "-m", f"benchmarks.{story}", *options], cwd=ROOT).returncode != 0
    return int(status)


if __name__ == "__main__":
    sys.exit(main())
