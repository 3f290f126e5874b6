"""The application factory."""

from __future__ import annotations

from flask import Flask

from api import access
from api.answering import EXTENSION, Service
from api.live.feed import Feed
from api.merging.charts import Charts
from api.monitoring.metrics import Metrics
from api.questions.periods import Clock, present
from api.routes import BLUEPRINTS
from api.submitting.allowance import Allowance
from api.submitting.delivery import Delivery
from api.submitting.playing import Playing
from api.uploading.uploads import Uploads
from api.web import compression, headers, logs, problems, request_ids
from listens.settings import Settings
from listens.store import Store, open_store

SERVER_SELECTION_SECONDS = 2
"""How long a request waits for a primary before it answers 503."""

_MEBIBYTE = 1 << 20


def create_app(settings: Settings, store: Store | None = None, *, clock: Clock = present) -> Flask:
    """The API and the dashboard; starts, and answers /healthz, whether MongoDB is up or not.

    Raises:
        UserMistakeError: the connection string can't be used.
    """
    if store is None:
        store = open_store(settings, timeout_seconds=SERVER_SELECTION_SECONDS)
    app = Flask("api", static_folder=None)
    charts, metrics = Charts(settings.api_cache_mb * _MEBIBYTE), Metrics(store)
    feed = Feed(store, most_clients=settings.api_streams)
    app.extensions[EXTENSION] = Service(
        settings,
        store,
        charts,
        metrics,
        feed,
        Delivery(settings),
        Allowance(),
        Playing(),
        Uploads(settings, store),
        clock,
    )
    metrics.init_app(app)  # first, so that a request's time holds what all others do
    request_ids.init_app(app)
    logs.init_app(app)
    compression.init_app(app)
    problems.init_app(app)
    headers.init_app(app, settings)
    access.init_app(app, settings, store)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    return app
