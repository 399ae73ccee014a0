"""Where a model comes from: what a manifest says of the code and the libraries that made it."""

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

LIBRARIES = ("keras", "tensorflow", "numpy", "opencv-python-headless", "pillow", "scipy", "matplotlib")
RANDOM_REMAINDER = "Order of rounding in parallel sums; two runs agree closely, not to the last bit."


def library_versions() -> dict[str, str]:
    """Versions of Python and of the libraries that a model depends on."""
    versions = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:  # one may stand in for another, such as opencv-python
            continue
    return versions


def git_commit() -> str | None:
    """The commit of this checkout; None outside one."""
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return None
