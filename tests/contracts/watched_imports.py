"""Import every module of the project and print, as JSON, what that touched: files other than code, and the environment.

A program of its own (`python -m tests.contracts.watched_imports`), because an audit hook cannot be taken off again.
"""

import importlib
import json
import os
import pkgutil
import sys
from typing import Any

PACKAGES = ("service", "trainer")


def main() -> None:
    # Once unwatched, so that the libraries have had their turn; then our own modules again.
    import_all()
    for name in list(sys.modules):
        if name.partition(".")[0] in PACKAGES:
            del sys.modules[name]

    touched: list[str] = []

    class WatchedEnvironment(type(os.environ)):
        def __getitem__(self, name: str) -> str:
            if not name.startswith("PYDANTIC_"):  # which pydantic looks up for every model class that is defined
                touched.append(f"environment: {name}")
            return super().__getitem__(name)

    def watch(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and not str(arguments[0]).endswith((".py", ".pyc")):
            touched.append(f"file: {arguments[0]}")

    os.environ.__class__ = WatchedEnvironment
    sys.addaudithook(watch)
    import_all()
    # Copied, because printing may itself open what the hook then sees.
    print(json.dumps(list(touched)))


def import_all() -> None:
    for package in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(package).__path__, f"{package}."):
            if not module.name.endswith("__main__"):  # importing that one is running it
                importlib.import_module(module.name)


if __name__ == "__main__":
    main()
