"""The command `digits`."""

import argparse
import sys
from collections.abc import Sequence

from service.main import serve
from service.recognition.errors import StartupError
from service.settings import Settings, accepted_by, variable_of


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; without a subcommand it serves.

    Returns:
        The exit status: 0, or 1 where the service could not start.
    """
    parser = argparse.ArgumentParser(
        prog="digits",
        description="Reads handwritten digits from pictures over HTTP.",
        epilog=_settings_help(),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("command", nargs="?", choices=["serve"], default="serve", help="start the service (default)")
    parser.parse_args(arguments)
    try:
        serve(announce=_announce)
    except StartupError as error:
        print(f"digits: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:  # Ctrl-C, after the server has shut down in good order
        return 0
    return 0


def _announce(address: str) -> None:
    print(f"Ready. The page: {address}/   The interface: {address}/docs", flush=True)


def _settings_help() -> str:
    lines = [
        f"  {variable_of(name)}  ({accepted_by(name)})\n      {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "environment variables:\n" + "\n".join(lines)
