"""Whatever is asked, the answer is a described one: schemathesis makes the questions."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import (
    ignored_auth,
    negative_data_rejection,
    positive_data_acceptance,
)

from api.answering import EXTENSION
from api.application import create_app
from api.description.openapi import description
from api.questions.narrowing import SELECTED
from listens.store import connect, ensure_indexes
from tests.api.documents import START, Heard, write_commit, write_version

JANUARY = datetime(2026, 1, 13, 9, tzinfo=UTC)
QUESTIONS, MANY_QUESTIONS = 20, 1_000
"""For each operation; schemathesis adds the edges of each parameter."""

bounded = settings(
    max_examples=QUESTIONS, deadline=None, derandomize=True, suppress_health_check=[*HealthCheck]
)
long = settings(max_examples=MANY_QUESTIONS, deadline=None, suppress_health_check=[*HealthCheck])


# The stream never ends; tests/api/test_stream.py asks it. Each upload starts a process;
# tests/api/test_uploads.py sends some.
schema = (
    schemathesis.openapi.from_dict(description())
    .exclude(path="/api/stream")
    .exclude(path="/api/imports", method="POST")
)


@pytest.fixture(scope="module")
def described(mongo_server, kafka_server):
    """The running application on documents of both layers, in a database for all questions."""
    own = mongo_server.model_copy(update={"database": f"test_{uuid.uuid4().hex[:12]}"})
    store = connect(own)
    ensure_indexes(store)
    fill(store)
    # So that streaming lives, and today is a day with listens.
    app = create_app(own, store, clock=lambda: START + timedelta(seconds=5))
    yield app
    app.extensions[EXTENSION].delivery.close()
    store.client.drop_database(own.database)
    store.client.close()


def fill(store):
    old = [
        Heard(JANUARY, "Jóga", album="Homogenic", genre="electronic", mood="calm", rating=5,
              personality="ENVU", interaction="play", age=30, duration_ms=300_000, year=1997),
        Heard(JANUARY - timedelta(days=40), "Hunter", listener="ben", completed=True),
    ]  # fmt: skip
    write_commit(store, 1, old)
    write_version(store, 1, 1, old)
    write_commit(store, 2, [Heard(START, "Jóga", skipped=True), Heard(START, "x", kind="podcast")])
    store.imports.insert_one({"_id": "i1", "file": "a.json", "started_at": START, "read": 2})
    store.heartbeats.insert_one({"_id": "streaming", "at": START})


def sensible(case):
    """The question without what can't go together: then most answers are a 200."""
    query = dict(case.query or {})
    for name in [name for name in SELECTED if name in query][1:]:
        del query[name]
    for name in ("head_seq", "from", "to"):
        query.pop(name, None)
    case.query = query
    return case


def ask(case, app, *excluded):
    # Rows are judged one by one, and the answer says which are none; of what a session alone opens
    # its cookie is taken for data, which nobody is asked for here.
    if case.method == "POST" or case.path == "/password":
        excluded = (*excluded, negative_data_rejection)
    # Which parameters go together is more than a schema can say, so a 422 is always in order.
    case.call_and_validate(
        app=app,
        # Access is off here; tests/api/access asks as everybody.
        excluded_checks=[positive_data_acceptance, ignored_auth, *excluded],
        headers={"Accept-Encoding": "identity"},  # its WSGI client unpacks nothing
    )


def ask_sensibly(case, app):
    # What was bad about the question may be what was taken out of it.
    ask(sensible(case), app, negative_data_rejection)


@schema.parametrize()
@bounded
def test_every_answer_is_described(case, described):
    ask(case, described)


@schema.parametrize()
@bounded
def test_every_answer_to_a_sensible_question_is_described(case, described):
    ask_sensibly(case, described)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@schema.parametrize()
@long
def test_every_answer_to_very_many_questions_is_described(case, described):
    ask(case, described)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@schema.parametrize()
@long
def test_every_answer_to_very_many_sensible_questions_is_described(case, described):
    ask_sensibly(case, described)
