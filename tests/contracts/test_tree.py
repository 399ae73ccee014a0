"""No file of the project names a package registry or a path of the machine that it was written on."""

import re

import pytest

from tests.project import ROOT, project_files

# Put together from pieces, so that this file does not hold what it looks for.
REGISTRY = "|".join(
    [
        r"(?<!no-emit-)(extra-)?index" + "[-_]url",
        r"find" + "-links\\s*[= ]\\s*[/h]",
        r"python" + "hosted",
        r"py" + r"pi\.(org|python)",
        r"https?://[^\s\"'<>]*/" + r"simple\b",
    ]
)
MACHINE_PATH = r"(?<![\w.~}>-])/(root|home|Users)/\w[\w.-]*|/[\w./-]+/site-" + "packages/"


@pytest.mark.parametrize("pattern", [REGISTRY, MACHINE_PATH], ids=["registry", "machine path"])
def test_no_file_names(pattern):
    found = [
        f"{path.relative_to(ROOT)}: {match.group().decode()}"
        for path in project_files()
        # Bytes, because a SavedModel can carry the paths of the sources that it was traced from.
        for match in re.finditer(pattern.encode(), path.read_bytes())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (REGISTRY, "--index" + "-url https://example.org"),
        (REGISTRY, "https://registry.example.org/" + "simple"),
        (MACHINE_PATH, "at /ho" + "me/someone/code.py"),
        (MACHINE_PATH, "/opt/venv/lib/python3.11/site-" + "packages/keras"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern, line):
    assert re.search(pattern, line)
