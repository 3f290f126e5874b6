"""A view is switched on and off, in any order of the layers, and no answer is ever of a part."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from api.application import create_app
from listens.codec import encode
from listens.errors import PlaycountError
from listens.views import BY_DEFAULT
from tests.aggregation.listens import listen
from tests.pipeline.conftest import Pipeline

BEGIN = datetime(2024, 3, 1, 12, tzinfo=UTC)


def with_views(pipeline: Pipeline, *views: str) -> Pipeline:
    settings = pipeline.settings.model_copy(update={"optional_views": ",".join(views)})
    client = create_app(settings, pipeline.store).test_client()
    return Pipeline(pipeline.spark, settings, pipeline.store, client)


def send(pipeline: Pipeline, *ms_played: int, listener: str = "ann") -> None:
    """Listens to a track of 100 s, one a minute."""
    first = pipeline.store.speed_commits.count_documents({}) * 100
    listens = [
        listen(listener, BEGIN + timedelta(minutes=first + n), ms, 1, "web", "DE", None, None,
               "music", has_album=True, details={"duration_ms": 100_000})
        for n, ms in enumerate(ms_played)
    ]  # fmt: skip
    pipeline.send([(listener.encode(), encode(each)) for each in listens])
    pipeline.drain()


def drop_off(pipeline: Pipeline) -> list[int] | None:
    answer = pipeline.client.get("/api/drop-off")
    if answer.status_code == 422:
        assert "PLAYCOUNT_OPTIONAL_VIEWS" in answer.json["detail"]
        return None
    found: dict[str, Any] = answer.json
    return found["drop_off"]


@pytest.mark.timeout(600)
def test_it_is_answered_once_every_listen_was_counted_by_it(pipeline: Pipeline) -> None:
    without, having = with_views(pipeline), with_views(pipeline, *BY_DEFAULT)

    send(without, 5_000)
    without.batch()
    send(without, 5_000)
    assert drop_off(without) is None

    # Streaming first, then the batch.
    send(having, 15_000)
    assert drop_off(having) is None
    with pytest.raises(PlaycountError, match="other views"):
        having.verify()
    assert having.batch()["audit"].startswith("not comparable")
    assert drop_off(having) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0]
    send(having, 99_999, 200_000)
    assert drop_off(having) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]
    assert having.verify() == []
    assert having.batch()["audit"].startswith("equals version")
    assert drop_off(having) == [2, 1, 0, 0, 0, 0, 0, 0, 0, 2]

    # A stream of another deployment doesn't count it: the batch heals that.
    send(without, 25_000)
    assert drop_off(having) is None
    assert having.batch()["audit"].startswith("not comparable")
    assert drop_off(having) == [2, 1, 1, 0, 0, 0, 0, 0, 0, 2]

    # The batch leaves it out first, while streaming still counts it.
    assert without.batch()["audit"].startswith("not comparable")
    assert drop_off(without) is None
    send(having, 35_000)
    assert drop_off(having) is None
    assert without.verify() == []
    assert without.batch()["audit"].startswith("equals version")
    assert without.get("/api/summary")["streams"] == 7
