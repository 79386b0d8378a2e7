"""`python -m tinygrad_edu` is `tinygrad-edu`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
