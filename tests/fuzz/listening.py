"""The app behind a real server, in a thread of this process: for clients that bring their own connections."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from service.api.app import create_app
from service.api.dependencies import Container
from service.settings import Settings
from tests.api.serving import FakeModels

START_LIMIT_S = 30


@contextmanager
def listening(models: FakeModels, settings: Settings | None = None) -> Iterator[str]:
    """The address of a service that is ready; its network is the fake's."""
    ready = threading.Event()
    app = create_app(Container(settings or Settings(), models, on_ready=ready.set))
    config = uvicorn.Config(app, port=0, log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert ready.wait(START_LIMIT_S)
        deadline = time.monotonic() + START_LIMIT_S
        while not server.started and time.monotonic() < deadline:
            time.sleep(0.01)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()
