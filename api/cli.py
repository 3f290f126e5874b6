"""`playcount serve`."""

from __future__ import annotations

import logging

import typer

app = typer.Typer()


@app.command()
def serve() -> None:
    """Serve the REST API and the dashboard until Ctrl-C or SIGTERM.

    Address, port and threads are settings:

        playcount serve

        PLAYCOUNT_API_PORT=8080 playcount serve

    Then open http://127.0.0.1:5000/, or ask for a chart:

        curl 'http://127.0.0.1:5000/api/top-songs?window=2026-01&limit=10'

    The server also starts while MongoDB is down, and answers 503 until it's back.
    """
    from api.server import serve as serve_until_stopped
    from api.web.logs import set_up
    from listens.settings import load_settings

    settings = load_settings()
    set_up(settings)
    # It tells of every connection; that Kafka is away is told once, where listens are sent.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    # Below, it logs whole documents: names of listeners, and hashes of passwords.
    logging.getLogger("pymongo").setLevel(logging.INFO)
    typer.echo(f"http://{settings.api_host}:{settings.api_port}/")
    serve_until_stopped(settings)
