"""Entry point of a batch for spark-submit: the arguments of `playcount batch`."""

from __future__ import annotations

import sys

from batch.cli import app
from listens.errors import PlaycountError

if __name__ == "__main__":
    try:
        app(standalone_mode=False)
    except PlaycountError as error:
        sys.exit(f"playcount: {error}")
