"""The project as files on a disk, for the tests that guard it as a whole."""

import subprocess
from pathlib import Path

ROOT = Path(__file__).parent.parent


def project_files() -> list[Path]:
    """Every file that belongs to the project: tracked, or new and not ignored."""
    # safe.directory: a checkout that belongs to another user, as in many CI systems, is read all the same.
    listed = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return [ROOT / name for name in sorted(set(listed)) if name and (ROOT / name).is_file()]
