"""Entry point of the streaming application for spark-submit."""

from __future__ import annotations

from listens.settings import load_settings
from streaming.application import run
from streaming.logs import set_up

if __name__ == "__main__":
    settings = load_settings()
    set_up(settings)
    run(settings)
