"""Where the rings are joined: settings, runtime, app and server."""

import asyncio
import ipaddress
import os
import socket
from collections.abc import Callable

import uvicorn

from service.api.app import create_app
from service.api.dependencies import Container
from service.logs import configure_logs
from service.recognition.errors import StartupError
from service.runtime.registry import Registry, RuntimeOptions
from service.settings import Settings, load_settings


def serve(announce: Callable[[str], None]) -> None:
    """Run the service until it is told to stop.

    Args:
        announce: is given the service's address, once, when it is ready to read.

    Raises:
        StartupError: it cannot start; the message is for the operator.
    """
    settings = load_settings()
    configure_logs(settings.log_level)
    listener = _listen(settings.host, settings.port)
    failure: list[BaseException] = []

    def stop(error: BaseException) -> None:
        failure.append(error)
        server.should_exit = True

    container = Container(
        settings,
        Registry(_runtime_options(settings)),
        on_ready=lambda: announce(_address(listener)),
        on_failure=stop,
    )
    server = uvicorn.Server(
        uvicorn.Config(
            create_app(container),
            log_config=None,  # our own is in place
            access_log=False,  # the middleware writes a better one
            server_header=False,
            timeout_graceful_shutdown=settings.drain_s,
        )
    )
    with asyncio.Runner(loop_factory=server.config.get_loop_factory()) as runner:
        runner.run(server.serve(sockets=[listener]))
    if failure:
        raise failure[0]


def _runtime_options(settings: Settings) -> RuntimeOptions:
    return RuntimeOptions(
        models_dir=settings.models_dir,
        device=settings.device,
        intra_op_threads=settings.intra_op_threads,
        max_image_pixels=settings.max_image_pixels,
        queue_limit=settings.queue_limit,
        timeout_s=settings.timeout_ms / 1e3,
        num_picture_threads=os.cpu_count() or 1,
    )


def _listen(host: str, port: int) -> socket.socket:
    """Take the port before anything is loaded: one that is taken is known at once, and in words."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
    except OSError as error:
        raise StartupError(
            f"Cannot listen on {host} port {port}: {error.strerror}. Set DIGITS_HOST and DIGITS_PORT to an address "
            "of this machine and a port that is free."
        ) from error
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ipaddress.ip_address(host).is_unspecified:  # every address of this machine: show one that a browser can open
        host = "localhost"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
