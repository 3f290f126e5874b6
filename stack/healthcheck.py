"""`python -m stack.healthcheck NAME`: whether a component works, for container engines."""

from __future__ import annotations

import sys

from listens.errors import PlaycountError, UserMistakeError
from listens.settings import load_settings
from stack.probes import PROBES, why_not_healthy


def main(arguments: list[str]) -> int:
    """0 when it works; else 1, with the reason on standard error."""
    try:
        if len(arguments) != 1 or arguments[0] not in PROBES:
            raise UserMistakeError(f"name one component: {', '.join(PROBES)}")
        reason = why_not_healthy(arguments[0], load_settings())
    except PlaycountError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    if reason:
        print(reason, file=sys.stderr)
    return 1 if reason else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
