"""Dockerfile, .dockerignore and docker-compose.yml say what they should, read as text."""

import re

import pytest
import yaml

from tests.containers.dockerfile import parse_dockerfile
from tests.project import ROOT, project_files

STAGES = parse_dockerfile((ROOT / "Dockerfile").read_text(encoding="utf-8"))
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


def test_a_plain_build_makes_the_service():
    assert list(STAGES)[-1] == "service"


def test_the_image_holds_service_and_models_alone():
    assert STAGES["service"].copied_folders() == [("service/", "service/"), ("models/", "models/")]


def test_dependencies_come_before_code():
    copied = STAGES["service"].all("COPY")

    assert copied[0] == "--from=service-dependencies /opt/venv /opt/venv"
    assert STAGES["service-dependencies"].copied_folders() == [("requirements/", "requirements/")]


@pytest.mark.parametrize("lock", ["service", "service-gpu"])
def test_both_devices_install_from_a_lock(lock):
    install = STAGES["service-dependencies"].all("RUN")[-1]

    assert "--require-hashes" in install
    assert (ROOT / "requirements" / f"{lock}.txt").is_file()
    assert "requirements/${LOCK}.txt" in install
    assert STAGES["service-dependencies"].last("ARG") == "LOCK=service"


@pytest.mark.parametrize("stage", ["service", "trainer"])
def test_nothing_runs_as_root(stage):
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", STAGES[stage].last("USER"))


def test_the_context_is_an_allow_list():
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = {rule[1:] for rule in rules if rule.startswith("!")}
    copied = {source for stage in STAGES.values() for source, _ in stage.copied_folders()}

    assert rules[0] == "*"
    assert allowed == copied


def test_everything_that_is_copied_exists():
    folders = {path.relative_to(ROOT).parts[0] + "/" for path in project_files()}

    assert {source for stage in STAGES.values() for source, _ in stage.copied_folders()} <= folders


@pytest.mark.parametrize("name", ["service", "service-gpu"])
def test_composed_service_can_write_nothing_and_do_little(name):
    service = COMPOSE["services"][name]

    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["mem_limit"]
    assert service["build"]["target"] in STAGES


def test_composed_service_listens_on_this_machine_alone():
    assert all(port.startswith("127.0.0.1:") for port in COMPOSE["services"]["service"]["ports"])


def test_a_plain_compose_up_starts_the_service_alone():
    assert [name for name, service in COMPOSE["services"].items() if "profiles" not in service] == ["service"]


def test_gpu_profile_reserves_a_device_and_insists_on_it():
    service = COMPOSE["services"]["service-gpu"]
    (device,) = service["deploy"]["resources"]["reservations"]["devices"]

    assert device["capabilities"] == ["gpu"]
    assert service["environment"]["DIGITS_DEVICE"] == "gpu"
    assert service["build"]["args"]["LOCK"] == "service-gpu"
