"""What an operator can set: one variable each, all read once, at the start.

Every setting is the environment variable `DIGITS_` + its name in capitals. `docs/settings.md` lists them for
people; a test keeps the two the same.
"""

import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from service.alerts.receiver import split_url
from service.recognition.errors import StartupError

PREFIX = "DIGITS_"
NO_SETTINGS = frozenset({"DIGITS_DATA", "DIGITS_UID"})  # of the Makefile, the tests and docker-compose.yml
ALIKE = 0.6  # from which on one name is taken for another, misspelled; difflib's own default
SERVICE_LINKS = ("tcp://", "udp://")  # Kubernetes gives the address of a service digits-api as DIGITS_API_PORT

SECRETS = frozenset({"api_key", "review_webhook"})

MODELS_DIR = Path(__file__).parent.parent / "models"
MOST_SHOWN = 80  # characters of a value, or of a name, in a message

LogLevel = Literal["debug", "info", "warning", "error"]
DeviceChoice = Annotated[str, StringConstraints(pattern=r"^(auto|cpu|gpu(:\d{1,3})?)$")]


def _check_key(key: SecretStr) -> SecretStr:
    """What can be sent in a header, and cannot be guessed at once."""
    value = key.get_secret_value()
    if not (value.isascii() and value.isprintable() and 8 <= len(value) <= 200):
        raise ValueError("not a usable key")
    return key


ApiKey = Annotated[SecretStr, AfterValidator(_check_key)]


def _check_webhook(url: SecretStr) -> SecretStr:
    """What can be posted to."""
    split_url(url.get_secret_value())
    return url


WebhookUrl = Annotated[SecretStr, AfterValidator(_check_webhook)]


def _check_gpu_memory(value_mb: int) -> int:
    """Less than 256 MB does not even hold CUDA's own libraries."""
    if 0 < value_mb < 256:
        raise ValueError("too little for any network")
    return value_mb


GpuMemory = Annotated[int, AfterValidator(_check_gpu_memory)]
NumWorkers = Literal["auto"] | Annotated[int, Field(ge=1, le=64)]


def _unless_empty(default: Path | None) -> BeforeValidator:
    """Compose files pass on as "" what is not set; as a path that would be the current folder."""
    return BeforeValidator(lambda value: default if value == "" else value)


ModelsFolder = Annotated[Path, _unless_empty(MODELS_DIR)]
FolderIfAny = Annotated[Path | None, _unless_empty(None)]


def _setting(default: Any, meaning: str, *, accepted: str, **limits: Any) -> Any:
    """A field that says what it means and, for the message about a wrong value, what it accepts."""
    return Field(default, description=meaning, json_schema_extra={"accepted": accepted}, **limits)


class Settings(BaseSettings):
    """The settings of one process. See each field's description; values cannot change after the start."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    host: str = _setting(
        "127.0.0.1",
        "Address to listen on; 0.0.0.0 lets other machines in.",
        accepted="a host name or an IP address",
        min_length=1,
    )
    port: int = _setting(
        8000,
        "TCP port to listen on; 0 takes any free one.",
        accepted="a whole number from 0 to 65535",
        ge=0,
        le=65535,
    )
    models_dir: ModelsFolder = _setting(
        MODELS_DIR,
        "Folder that holds the models as `name/version`; by default the folder `models` beside the code.",
        accepted="the path of a folder",
    )
    templates_dir: FolderIfAny = _setting(
        None,
        "Folder that holds the templates of forms; without it none are stored, and requests bring their own.",
        accepted="the path of a folder",
    )
    lists_dir: FolderIfAny = _setting(
        None,
        "Folder with lists for `allowed` (`name.txt`, one number per line), beside those that come with the code.",
        accepted="the path of a folder",
    )
    device: DeviceChoice = _setting(
        "auto",
        "Where networks run; `auto` takes the first GPU if there is one, `gpu` insists on it.",
        accepted="auto, cpu, gpu or gpu:N (N counts from 0)",
    )
    gpu_memory_mb: GpuMemory = _setting(
        0,
        "Most memory in MB that is taken of the GPU; 0 takes what is needed, as it is needed.",
        accepted="0, or a whole number from 256 to 1000000",
        ge=0,
        le=1_000_000,
    )
    workers: NumWorkers = _setting(
        "auto",
        "Processes that share the port, each with models of its own; `auto` takes one per core, at most 4, on CPUs.",
        accepted="auto, or a whole number from 1 to 64",
    )
    intra_op_threads: int = _setting(
        1,
        "CPU threads that one batch is computed with; 0 takes one per core.",
        accepted="a whole number from 0 to 256",
        ge=0,
        le=256,
    )
    max_image_bytes: int = _setting(
        10_000_000,
        "Largest picture in bytes, as sent.",
        accepted="a whole number from 1 to 1000000000",
        ge=1,
        le=1_000_000_000,
    )
    max_batch_bytes: int = _setting(
        64_000_000,
        "Largest body in bytes of /batch, all its files together.",
        accepted="a whole number from 1 to 1000000000",
        ge=1,
        le=1_000_000_000,
    )
    max_pages: int = _setting(
        500,
        "Most pages of one PDF or TIFF document.",
        accepted="a whole number from 1 to 100000",
        ge=1,
        le=100_000,
    )
    max_body_memory_mb: int = _setting(
        256,
        "Most memory in MB that uploads in progress may hold together; what would take more is answered with 429.",
        accepted="a whole number from 1 to 1000000",
        ge=1,
        le=1_000_000,
    )
    body_timeout_ms: int = _setting(
        30_000,
        "Time in milliseconds for the whole body of a request to arrive; slower senders are answered with 408.",
        accepted="a whole number from 1 to 3600000",
        ge=1,
        le=3_600_000,
    )
    max_image_pixels: int = _setting(
        25_000_000,
        "Largest picture in pixels, width times height.",
        accepted="a whole number from 1 to 1000000000",
        ge=1,
        le=1_000_000_000,
    )
    max_error: float = _setting(
        0.01,
        "Error rate borne among accepted readings where a request does not say.",
        accepted="a number above 0 and below 1",
        gt=0,
        lt=1,
    )
    queue_limit: int = _setting(
        256,
        "Readings that may wait, to be decoded and for the model, before more are answered with 429.",
        accepted="a whole number from 1 to 100000",
        ge=1,
        le=100_000,
    )
    timeout_ms: int = _setting(
        10_000,
        "Time in milliseconds from a complete upload to its reading; what takes longer is answered with 504.",
        accepted="a whole number from 1 to 600000",
        ge=1,
        le=600_000,
    )
    batch_timeout_ms: int = _setting(
        300_000,
        "Time in milliseconds from a complete upload to the last reading of a stack; later ones fail with 504.",
        accepted="a whole number from 1 to 86400000",
        ge=1,
        le=86_400_000,
    )
    drain_s: int = _setting(
        8,
        "Seconds that requests in progress get to finish after SIGTERM.",
        accepted="a whole number from 0 to 3600",
        ge=0,
        le=3600,
    )
    canary_s: float = _setting(
        10.0,
        "Seconds between two checks that every model still repeats a golden output; 0 checks at the start only.",
        accepted="0, or a number up to 3600",
        ge=0,
        le=3600,
    )
    canary_limit_ms: int = _setting(
        5_000,
        "Time in milliseconds after which such a check has failed.",
        accepted="a whole number from 1 to 600000",
        ge=1,
        le=600_000,
    )
    api_key: ApiKey | None = _setting(
        None,
        "When set, requests must carry it in the header X-API-Key; those for health, metrics and pages need not.",
        accepted="8 to 200 printable ASCII characters",
    )
    log_level: LogLevel = _setting(
        "info",
        "Least severe messages that are logged; `info` includes one line per request.",
        accepted="debug, info, warning or error",
    )
    log_readings: bool = _setting(
        False,
        "Whether the log, and the webhook, may hold the digits of low-confidence readings.",
        accepted="true or false",
    )
    review_webhook: WebhookUrl | None = _setting(
        None,
        "Address that low-confidence readings are posted to, as JSON.",
        accepted="an address that begins with http:// or https://",
    )


def variable_of(field: str) -> str:
    """The environment variable of a setting: `max_error` is `DIGITS_MAX_ERROR`."""
    return f"{PREFIX}{field.upper()}"


def accepted_by(field: str) -> str:
    """What a setting accepts, in words."""
    extra = Settings.model_fields[field].json_schema_extra
    return str(extra["accepted"]) if isinstance(extra, dict) else ""


def load_settings() -> Settings:
    """Read the environment.

    Raises:
        StartupError: a value is not accepted, or a name is a setting's, misspelled: a service that has not understood
            its `DIGITS_API_KEYS` would let everybody in. The message has a line for each such variable.
    """
    complaints = _misspelled(os.environ)
    try:
        settings = Settings()
    except ValidationError as error:
        # Once each: a value that could have been of several types is refused for each of them.
        complaints += dict.fromkeys(_complaint(dict(found)) for found in error.errors())
        raise StartupError("\n".join(complaints)) from error
    if complaints:
        raise StartupError("\n".join(complaints))
    return settings


def unknown_variables(environment: Mapping[str, str]) -> Mapping[str, str]:
    """What is called as settings are, and is none.

    Returns:
        The names, each with that of the setting which is nearest to it.
    """
    known = {variable_of(field) for field in Settings.model_fields}
    strange = (name for name in environment if name.upper().startswith(PREFIX))
    return {name: _nearest(name, alike=0.0)[0] for name in sorted(strange) if name.upper() not in known | NO_SETTINGS}


def _misspelled(environment: Mapping[str, str]) -> list[str]:
    """A line for each name that is nearly a setting's. The values, which may be secrets, are not shown."""
    return [
        f"{name[:MOST_SHOWN]} is no setting, but {meant} is. Correct the name, or remove it."
        for name in unknown_variables(environment)
        if not environment[name].startswith(SERVICE_LINKS)
        for meant in _nearest(name, alike=ALIKE)
    ]


def _nearest(name: str, *, alike: float) -> list[str]:
    """The variable that is most like a name; none where it is less like than that, from 0 to 1."""
    # Without the prefix, which would make all of them alike.
    fields = [field.upper() for field in Settings.model_fields]
    return [variable_of(field) for field in get_close_matches(name.upper().removeprefix(PREFIX), fields, 1, alike)]


def _complaint(error: dict[str, Any]) -> str:
    field, value = str(error["loc"][0]), str(error["input"])
    cut = value if len(value) <= MOST_SHOWN else f"{value[:MOST_SHOWN]}..."
    # A key that was mistyped is still a key, and an address may hold one: they are not shown.
    shown = "not accepted" if field in SECRETS else repr(cut)
    return f"{variable_of(field)} is {shown}; it must be {accepted_by(field)}."
