"""The lock files install what pyproject.toml asks for, byte for byte, from wherever a person's pip looks."""

import re
import tomllib
from collections import defaultdict

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.project import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
BASE = PROJECT["project"]["dependencies"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
GROUPS = PROJECT["dependency-groups"]

LOCKS = ("service", "service-gpu", "service-otel", "train", "dev")


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_pinned_and_hashed(lock):
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    without_comments = re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE)
    requirements = without_comments.replace("\\\n", " ").splitlines()

    assert requirements
    for requirement in requirements:
        assert re.fullmatch(r"[a-z0-9.-]+==\S+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", requirement), (
            requirement
        )


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        ("service", BASE),
        ("service-gpu", BASE + EXTRAS["gpu"]),
        ("train", BASE + EXTRAS["train"] + EXTRAS["compress"]),
        ("service-otel", BASE + EXTRAS["otel"]),
        ("dev", BASE + EXTRAS["train"] + EXTRAS["compress"] + EXTRAS["otel"] + GROUPS["dev"]),
    ],
)
def test_lock_satisfies_pyproject(lock, wanted):
    locked = _versions(lock)
    for requirement in map(Requirement, wanted):
        versions = locked[canonicalize_name(requirement.name)]
        assert versions, f"{requirement} is not in requirements/{lock}.txt: run `make lock`"
        assert all(requirement.specifier.contains(version) for version in versions), (requirement, versions)


@pytest.mark.parametrize(
    ("smaller", "larger"),
    [
        ("service", "train"),
        ("train", "dev"),
        ("service", "service-gpu"),
        ("service", "service-otel"),
        ("service-otel", "dev"),
    ],
)
def test_what_is_served_is_what_is_tested(smaller, larger):
    within = _versions(larger)
    for name, versions in _versions(smaller).items():
        assert within[name] == versions, name


def test_build_backend_is_in_the_development_lock():
    locked = _versions("dev")
    for requirement in map(Requirement, PROJECT["build-system"]["requires"]):
        assert all(requirement.specifier.contains(version) for version in locked[requirement.name])
        assert locked[requirement.name]


def _versions(lock: str) -> defaultdict[str, set[str]]:
    """Versions by name; there are several where the newest of one supports not every Python."""
    versions = defaultdict(set)
    text = (ROOT / "requirements" / f"{lock}.txt").read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9.-]+)==(\S+)", text, flags=re.MULTILINE):
        versions[name].add(version)
    return versions
