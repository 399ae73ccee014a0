"""Where the rings are joined: settings, runtime, app and server."""

import asyncio
import gc
import ipaddress
import logging
import os
import socket
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path

import uvicorn
from prometheus_client import CollectorRegistry

from service.alerts.alerts import Alerts
from service.alerts.receiver import Receiver
from service.alerts.webhook import Outcome, Webhook
from service.api.app import create_app
from service.api.dependencies import Container
from service.api.tracing import tracing_from
from service.logs import EXTRA_FIELD, configure_logs
from service.prompt import PromptProtocol
from service.recognition.allowed import AllowedList, load_allowed_lists
from service.recognition.errors import StartupError
from service.recognition.image import let_pillow_open
from service.runtime.loading import newest_versions
from service.runtime.machine import num_cores_here
from service.runtime.metrics import Metrics, snapshot_of
from service.runtime.registry import Registry, RuntimeOptions
from service.server import DrainingServer, many_times
from service.settings import MOST_SHOWN, Settings, load_settings, unknown_variables
from service.workers.entrance import Entrance
from service.workers.line import Line
from service.workers.number import suitable_number_here
from service.workers.supervisor import Supervisor

LISTS_DIR = Path(__file__).parent / "lists"
# Longer than clients and proxies keep idle connections (nginx: 60 s): whoever closes one may do so while the other
# sends a request on it, and a client knows better than a server that it will not.
KEEP_ALIVE_S = 75

logger = logging.getLogger(__name__)


def serve(announce: Callable[[str, int], None]) -> None:
    """Run the service until it is told to stop.

    Args:
        announce: is given the service's address and the number of its workers, once, when it is ready to read.

    Raises:
        StartupError: it cannot start; the message is for the operator.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    _tell_unknown(os.environ)
    # Once, for all workers: one that is started later would find other versions, or one that is still being copied.
    folders = newest_versions(settings.models_dir)
    if settings.templates_dir is not None:
        _check_templates_dir(settings.templates_dir)
    listener = _listen(settings.host, settings.port)
    address = _address(listener)
    num_workers = suitable_number_here(settings.device) if settings.workers == "auto" else settings.workers
    # For all workers alike: one that is started later might find another number suitable.
    settings = settings.model_copy(update={"workers": num_workers})
    if num_workers == 1:
        _run(settings, listener, folders=folders, on_ready=lambda: announce(address, 1))
    else:
        supervisor = Supervisor(settings, listener, partial(run_worker, folders=folders))
        supervisor.run(num_workers, announce=lambda: announce(address, num_workers))


def run_worker(
    settings: Settings, clients: socket.socket, parent: Connection, loads_first: bool, *, folders: Sequence[Path]
) -> None:
    """One of several processes, all with the models of the same folders; see `service.workers.supervisor`."""
    configure_logs(settings.log_level)
    line = Line(parent)

    def ready() -> None:
        line.say_can_read(True)

    try:
        _run(settings, Entrance(clients), folders=folders, on_ready=ready, line=line, loads_first=loads_first)
    except StartupError as error:
        line.say_failed(str(error))
        raise SystemExit(1) from None


def _run(
    settings: Settings,
    door: socket.socket | Entrance,
    *,
    folders: Sequence[Path],
    on_ready: Callable[[], None],
    line: Line | None = None,
    loads_first: bool = False,
) -> None:
    """Serve until told to stop, or until the parent has gone.

    Args:
        settings: of this process.
        door: where clients come from: the port, or the parent that accepts them.
        folders: of the models.
        on_ready: is called when all models are loaded.
        line: to the parent, if there is one.
        loads_first: whether nobody is let in before.
    """
    failure: list[BaseException] = []

    def stop(error: BaseException) -> None:
        failure.append(error)
        server.should_exit = True

    def orphaned() -> None:
        server.should_exit = True

    def ready() -> None:
        # What has been loaded stays until the end, and there is much of it: each full search for garbage would walk
        # over half a million objects, and every request would wait for it.
        gc.collect()
        gc.freeze()
        on_ready()

    container = container_for(settings, folders=folders, on_ready=ready, on_failure=stop, line=line)
    config = uvicorn.Config(
        create_app(container),
        http=PromptProtocol,
        log_config=None,  # our own is in place
        access_log=False,  # the middleware writes a better one
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE_S,
    )
    entrance = door if isinstance(door, Entrance) else None
    server = DrainingServer(config, drain=container.drain, drain_s=settings.drain_s, entrance=entrance)

    async def run() -> None:
        if line is not None:
            line.open(lambda: snapshot_of(container.metrics.registry), on_hang_up=orphaned)
        if loads_first:
            await container.models.load()
        await server.serve(sockets=[] if isinstance(door, Entrance) else many_times(door))

    with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(run())
    if failure:
        raise failure[0]


def container_for(
    settings: Settings,
    *,
    folders: Sequence[Path] = (),
    on_ready: Callable[[], None],
    on_failure: Callable[[BaseException], None] = lambda _: None,
    line: Line | None = None,
) -> Container:
    """The parts of one process; with a line to its parent, of one of several.

    Args:
        settings: of this process.
        folders: of the models; empty for the newest version of each.
        on_ready: see `Container`.
        on_failure: likewise.
        line: to the parent, if there is one.
    """
    let_pillow_open(settings.max_image_pixels)
    metrics = Metrics(CollectorRegistry())
    alerts = _alerts(settings, metrics)
    on_change = (lambda _can_read: None) if line is None else line.say_can_read
    registry = Registry(_runtime_options(settings, folders), metrics, on_read=alerts.hear, on_change=on_change)
    tracing = tracing_from(os.environ)
    return Container(
        settings,
        registry,
        lists=allowed_lists(settings),
        metrics=metrics,
        tracing=tracing,
        alerts=alerts,
        crew=line,
        on_ready=on_ready,
        on_failure=on_failure,
    )


def allowed_lists(settings: Settings) -> Mapping[str, AllowedList]:
    """The lists that come with the code, and the operator's own; of two with one name, the operator's."""
    own = {} if settings.lists_dir is None else load_allowed_lists(settings.lists_dir)
    return {**load_allowed_lists(LISTS_DIR), **own}


def _alerts(settings: Settings, metrics: Metrics) -> Alerts:
    """Who is told of low-confidence readings."""
    if settings.review_webhook is None:
        return Alerts(shows_readings=settings.log_readings)
    for outcome in Outcome:
        metrics.count_webhook(outcome, 0)  # there before the first, so that a rate sees that one too
    receiver = Receiver(settings.review_webhook.get_secret_value())
    webhook = Webhook(receiver.post, count=metrics.count_webhook)
    metrics.webhook_waiting.set_function(lambda: webhook.num_waiting)
    return Alerts(webhook=webhook, shows_readings=settings.log_readings)


def _runtime_options(settings: Settings, folders: Sequence[Path] = ()) -> RuntimeOptions:
    num_workers = 1 if settings.workers == "auto" else settings.workers  # `serve` has chosen, where there are several
    num_cores = num_cores_here()
    return RuntimeOptions(
        models_dir=settings.models_dir,
        device=settings.device,
        gpu_memory_mb=settings.gpu_memory_mb,
        intra_op_threads=settings.intra_op_threads,
        max_image_pixels=settings.max_image_pixels,
        queue_limit=settings.queue_limit,
        timeout_s=settings.timeout_ms / 1e3,
        num_picture_threads=max(1, int(num_cores)),
        folders=tuple(folders),
        canary_s=settings.canary_s,
        canary_limit_s=settings.canary_limit_ms / 1e3,
        has_spare_core=num_workers < num_cores,
    )


def _tell_unknown(environment: Mapping[str, str]) -> None:
    """Warn of variables that look like settings and mean nothing here; their values are not shown."""
    for name, nearest in unknown_variables(environment).items():
        fields = {"variable": name[:MOST_SHOWN], "nearest": nearest}
        logger.warning("variable is no setting", extra={EXTRA_FIELD: fields})


def _check_templates_dir(folder: Path) -> None:
    """Make the folder of templates where there is none, and look whether it can be read.

    Whether it can be written is not asked: templates may be there to be read alone.

    Raises:
        StartupError: it is no folder, or cannot be made or read.
    """
    try:
        if not folder.exists():
            folder.mkdir(parents=True, exist_ok=True)
        with os.scandir(f"{folder}/."):  # with the dot, because what is listed is to be opened, too
            pass
    except OSError as error:
        raise StartupError(
            f"DIGITS_TEMPLATES_DIR is {str(folder)[:MOST_SHOWN]!r}, which cannot be used: {error.strerror}. Name a "
            "folder that can be read, or that can be made."
        ) from error


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is loaded: one that is taken is known at once, and in words."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except (OSError, UnicodeError) as error:
        # Host names pass through a codec, which does not take one with an empty or a very long part.
        why = error.strerror if isinstance(error, OSError) else "that is no host name"
        raise StartupError(
            f"Cannot listen on {host[:MOST_SHOWN]} port {port}: {why}. Set DIGITS_HOST and DIGITS_PORT to an address "
            "of this machine and a port that is free."
        ) from error
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:  # every address of this machine: show one that a browser can open
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
