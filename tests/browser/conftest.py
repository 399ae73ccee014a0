import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
import uvicorn

from service.api.app import create_app
from service.api.dependencies import Container
from service.settings import Settings
from tests.api.serving import FakeModels
from tests.browser.chromium import Chromium, Page, find_chromium, running_chromium


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A browser; the test is skipped where there is none."""
    path = find_chromium()
    if path is None:
        pytest.skip("no Chromium on this machine")
    with running_chromium(path, profile_dir=tmp_path_factory.mktemp("profile")) as chromium:
        yield chromium


@pytest.fixture
def open_page(chromium: Chromium) -> Iterator[Callable[..., Page]]:
    """Opens the page of a service that reads a 7 as a digit, and 1, 2, 8, ... in the blots of a number.

    `settings` are those of the service; all other arguments are those of `Page`.
    """
    with ExitStack() as stack:

        def open_page(settings: Settings | None = None, **screen: int | bool) -> Page:
            page = Page(chromium, **screen)
            stack.callback(page.close)
            page.open(stack.enter_context(_served(settings or Settings())))
            # The drawing area moves down when the choice appears above it, and must not do so under a stroke.
            page.wait_for("!byId('kinds').hidden || !byId('key-row').hidden")
            return page

        yield open_page


@contextmanager
def _served(settings: Settings) -> Iterator[str]:
    """The app over HTTP, in a thread of this process; its address."""
    is_ready = threading.Event()
    app = create_app(Container(settings, FakeModels(), on_ready=is_ready.set))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            assert is_ready.wait(30)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}/"
        finally:
            server.should_exit = True
            thread.join()
