"""The servers that are compared, and how each is started."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.contestants.canvases import MODEL_DIR_VARIABLE, PORT_VARIABLE
from benchmarks.processes import ROOT, Server, free_port, running

OTHERS_PYTHON = ROOT / ".venv-bench" / "bin" / "python"
OWN_PYTHON = Path(sys.executable)


@dataclass(frozen=True, slots=True)
class Contestant:
    """One server in the comparison.

    Attributes:
        name: in the tables.
        module: run with `-m`, or for BentoML the arguments to its own command.
        python: of the environment that it is installed in.
        predict_path: what the picture is sent to.
        ready_path: answers 200 once it can read.
        settings: environment on top.
    """

    name: str
    module: tuple[str, ...]
    python: Path = OWN_PYTHON
    predict_path: str = "/predict"
    ready_path: str = "/ready"
    settings: Mapping[str, str] = field(default_factory=dict)


BARE = Contestant("bare FastAPI endpoint, no model", ("benchmarks.contestants.bare",))
SERVICE = Contestant("this service", ("service",), predict_path="/predict?model=cnn", ready_path="/health/ready")
SERVICE_WITHOUT_LOG = Contestant(
    "this service, request log off",
    ("service",),
    predict_path="/predict?model=cnn",
    ready_path="/health/ready",
    settings={"DIGITS_LOG_LEVEL": "warning"},
)
SERVICE_ONE_WORKER = Contestant(
    "this service, one worker",
    ("service",),
    predict_path="/predict?model=cnn",
    ready_path="/health/ready",
    settings={"DIGITS_WORKERS": "1"},
)
LIT_SERVE = Contestant("LitServe", ("benchmarks.contestants.lit_serve",), OTHERS_PYTHON, ready_path="/health")
THREAD_POOL = Contestant("FastAPI, SavedModel from the thread pool", ("benchmarks.contestants.thread_pool",))
BENTO_ML = Contestant(
    "BentoML",
    ("bentoml", "serve", "benchmarks.contestants.bento_ml:DigitService", "--host", "127.0.0.1"),
    OTHERS_PYTHON,
    ready_path="/readyz",
)
RAY_SERVE = Contestant("Ray Serve", ("benchmarks.contestants.ray_serve",), OTHERS_PYTHON, ready_path="/predict")
MODEL_PREDICT = Contestant("FastAPI, model.predict in the handler", ("benchmarks.contestants.model_predict",))

OTHER_SERVERS = (LIT_SERVE, THREAD_POOL, BENTO_ML, RAY_SERVE, MODEL_PREDICT)


@contextmanager
def serving(contestant: Contestant, models_dir: Path) -> Iterator[Server]:
    """The contestant, ready, with the model `cnn` of the folder."""
    port = free_port()
    command = [str(contestant.python), "-m", *contestant.module]
    if contestant is BENTO_ML:
        command += ["--port", str(port)]
    environment = {
        MODEL_DIR_VARIABLE: str(newest_cnn(models_dir.absolute())),
        PORT_VARIABLE: str(port),
        "PATH": f"{contestant.python.parent}{os.pathsep}{os.environ['PATH']}",
        "DO_NOT_TRACK": "1",
        "BENTOML_DO_NOT_TRACK": "True",
        "RAY_USAGE_STATS_ENABLED": "0",
    }
    if contestant.ready_path == SERVICE.ready_path:
        environment |= {
            "DIGITS_PORT": str(port),
            "DIGITS_MODELS_DIR": str(models_dir.absolute()),
            **contestant.settings,
        }
    with running(command, port=port, ready_path=contestant.ready_path, environment=environment) as server:
        yield server


def newest_cnn(models_dir: Path) -> Path:
    """The folder of the model that all of them serve."""
    return max((models_dir / "cnn").iterdir(), key=lambda folder: int(folder.name) if folder.name.isdigit() else -1)
