"""`playcount serve`."""

from __future__ import annotations

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
    import logging

    from api.server import serve as serve_until_stopped
    from listens.settings import load_settings

    settings = load_settings()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(message)s")
    # Below, it logs whole documents: names of listeners, and hashes of passwords.
    logging.getLogger("pymongo").setLevel(logging.INFO)
    # It tells of every connection; that Kafka is away is told once, where listens are sent.
    logging.getLogger("kafka").setLevel(logging.CRITICAL)
    typer.echo(f"http://{settings.api_host}:{settings.api_port}/")
    serve_until_stopped(settings)
