import re

import pytest

from service.recognition.errors import StartupError
from service.settings import Settings, accepted_by, load_settings, unknown_variables, variable_of
from tests.project import ROOT


def test_defaults_are_those_of_the_interface():
    settings = load_settings()

    assert (settings.host, settings.port, settings.device) == ("127.0.0.1", 8000, "auto")
    assert (settings.max_image_bytes, settings.max_image_pixels, settings.max_error) == (10_000_000, 25_000_000, 0.01)
    assert settings.models_dir == ROOT / "models"
    assert settings.api_key is None


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("DIGITS_PORT", "abc", "DIGITS_PORT is 'abc'; it must be a whole number from 0 to 65535."),
        ("DIGITS_PORT", "65536", "DIGITS_PORT is '65536'; it must be a whole number from 0 to 65535."),
        ("DIGITS_PORT", "", "DIGITS_PORT is ''; it must be a whole number from 0 to 65535."),
        ("DIGITS_HOST", "", "DIGITS_HOST is ''; it must be a host name or an IP address."),
        ("DIGITS_DEVICE", "cuda", "DIGITS_DEVICE is 'cuda'; it must be auto, cpu, gpu or gpu:N (N counts from 0)."),
        ("DIGITS_WORKERS", "0", "DIGITS_WORKERS is '0'; it must be auto, or a whole number from 1 to 64."),
        ("DIGITS_WORKERS", "65", "DIGITS_WORKERS is '65'; it must be auto, or a whole number from 1 to 64."),
        ("DIGITS_WORKERS", "many", "DIGITS_WORKERS is 'many'; it must be auto, or a whole number from 1 to 64."),
        ("DIGITS_MAX_ERROR", "1", "DIGITS_MAX_ERROR is '1'; it must be a number above 0 and below 1."),
        ("DIGITS_MAX_ERROR", "nan", "DIGITS_MAX_ERROR is 'nan'; it must be a number above 0 and below 1."),
        ("DIGITS_QUEUE_LIMIT", "0", "DIGITS_QUEUE_LIMIT is '0'; it must be a whole number from 1 to 100000."),
        ("DIGITS_LOG_LEVEL", "loud", "DIGITS_LOG_LEVEL is 'loud'; it must be debug, info, warning or error."),
        ("DIGITS_PORT", "7" * 5000, f"DIGITS_PORT is '{'7' * 80}...'; it must be a whole number from 0 to 65535."),
        ("DIGITS_API_KEY", "", "DIGITS_API_KEY is not accepted; it must be 8 to 200 printable ASCII characters."),
        ("DIGITS_API_KEY", "geheim", "DIGITS_API_KEY is not accepted; it must be 8 to 200 printable ASCII characters."),
        (
            "DIGITS_API_KEY",
            "geheim\u00e4\u00f6\u00fc",
            "DIGITS_API_KEY is not accepted; it must be 8 to 200 printable ASCII characters.",
        ),
        ("DIGITS_LOG_READINGS", "perhaps", "DIGITS_LOG_READINGS is 'perhaps'; it must be true or false."),
        (
            "DIGITS_REVIEW_WEBHOOK",
            "ftp://user:password@host",
            "DIGITS_REVIEW_WEBHOOK is not accepted; it must be an address that begins with http:// or https://.",
        ),
    ],
)
def test_wrong_value_is_told_with_what_would_be_accepted(monkeypatch, variable, value, told):
    monkeypatch.setenv(variable, value)
    with pytest.raises(StartupError) as error:
        load_settings()
    assert str(error.value) == told


def test_all_wrong_values_are_told_at_once(monkeypatch):
    monkeypatch.setenv("DIGITS_PORT", "abc")
    monkeypatch.setenv("DIGITS_DRAIN_S", "-1")
    with pytest.raises(StartupError, match=r"(?s)DIGITS_PORT.*\n.*DIGITS_DRAIN_S"):
        load_settings()


@pytest.mark.parametrize(
    ("variable", "meant"),
    [
        ("DIGITS_API_KEYS", "DIGITS_API_KEY"),
        ("DIGITS_APIKEY", "DIGITS_API_KEY"),
        ("DIGITS_KEY", "DIGITS_API_KEY"),
        ("digits_api_token", "DIGITS_API_KEY"),
        ("DIGITS_MODEL_DIR", "DIGITS_MODELS_DIR"),
        ("DIGITS_LOG_READING", "DIGITS_LOG_READINGS"),
        ("DIGITS__PORT", "DIGITS_PORT"),
    ],
)
def test_misspelled_name_stops_the_start_and_its_value_is_not_shown(monkeypatch, variable, meant):
    monkeypatch.setenv(variable, "correct-horse")
    with pytest.raises(StartupError) as error:
        load_settings()
    assert str(error.value) == f"{variable} is no setting, but {meant} is. Correct the name, or remove it."


def test_misspelled_names_are_told_with_wrong_values(monkeypatch):
    monkeypatch.setenv("DIGITS_PORT", "abc")
    monkeypatch.setenv("DIGITS_HOSTS", "::")
    with pytest.raises(StartupError, match=r"(?s)DIGITS_HOSTS is no setting.*\nDIGITS_PORT is 'abc'"):
        load_settings()


def test_what_others_call_by_such_names_does_not_stop_the_start(monkeypatch):
    of_ours = {"DIGITS_DATA": "/data", "DIGITS_UID": "1000"}
    # What Kubernetes sets where services are called digits and digits-api.
    of_others = {
        "DIGITS_API_PORT": "tcp://10.0.0.7:80",
        "DIGITS_PORT_80_TCP_ADDR": "10.0.0.7",
        "DIGITS_SERVICE_HOST": "10.0.0.7",
    }
    for name, value in (of_ours | of_others).items():
        monkeypatch.setenv(name, value)

    assert load_settings().port == 8000
    assert list(unknown_variables(of_ours | of_others)) == list(of_others)


def test_unknown_variable_is_told_with_the_nearest_setting():
    environment = {"DIGITS_LOG_FORMAT": "json", "digits_port": "8001", "DIGITS": "", "PATH": "/bin"}
    assert unknown_variables(environment) == {"DIGITS_LOG_FORMAT": "DIGITS_LOG_READINGS"}


def test_empty_folder_is_one_that_is_not_set(monkeypatch):
    for name in ("MODELS_DIR", "TEMPLATES_DIR", "LISTS_DIR"):
        monkeypatch.setenv(f"DIGITS_{name}", "")
    settings = load_settings()

    assert (settings.models_dir, settings.templates_dir, settings.lists_dir) == (ROOT / "models", None, None)


@pytest.mark.parametrize("device", ["auto", "cpu", "gpu", "gpu:0", "gpu:12"])
def test_devices(monkeypatch, device):
    monkeypatch.setenv("DIGITS_DEVICE", device)
    assert load_settings().device == device


@pytest.mark.parametrize(("text", "workers"), [("auto", "auto"), ("1", 1), ("64", 64)])
def test_workers(monkeypatch, text, workers):
    monkeypatch.setenv("DIGITS_WORKERS", text)
    assert load_settings().workers == workers


@pytest.mark.parametrize(
    ("field", "value"), [("api_key", "correct-horse"), ("review_webhook", "https://clerk:correct-horse@desk.example/")]
)
def test_secrets_show_in_no_representation(monkeypatch, field, value):
    monkeypatch.setenv(variable_of(field), value)
    settings = load_settings()

    assert getattr(settings, field).get_secret_value() == value
    assert "correct-horse" not in f"{settings!r} {settings}"


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_says_what_it_means_and_what_it_accepts(name):
    meaning = Settings.model_fields[name].description

    assert meaning
    assert "\n" not in meaning
    assert accepted_by(name)


def test_settings_page_lists_every_setting_as_it_is():
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    rows = [
        tuple(cell.strip() for cell in row.strip("|").split(" | "))
        for row in re.findall(r"^\| `DIGITS_.*\|$", page, flags=re.MULTILINE)
    ]

    assert rows == [
        (f"`{variable_of(name)}`", _shown_default(name), accepted_by(name), str(field.description))
        for name, field in Settings.model_fields.items()
    ]


def _shown_default(name: str) -> str:
    default = Settings.model_fields[name].default
    if name == "models_dir":
        return "`models`"
    return "none" if default is None else f"`{default}`"
