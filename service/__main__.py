"""`python -m service` is `digits`."""

import sys

from service.cli import main

if __name__ == "__main__":
    sys.exit(main())
