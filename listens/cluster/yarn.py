"""YARN's ResourceManager over REST: which applications there are, and ending one."""

from __future__ import annotations

import getpass
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from listens.errors import ServiceDownError
from listens.settings import Settings

ANSWER_SECONDS = 10
ALIVE = ("NEW", "NEW_SAVING", "SUBMITTED", "ACCEPTED", "RUNNING")


@dataclass(frozen=True)
class Application:
    """An application as YARN tells of it.

    Attributes:
        state: one of ALIVE, or FINISHED, FAILED, KILLED.
        final_status: UNDEFINED, SUCCEEDED, FAILED or KILLED.
        attempt: number of its application master, from 1.
        elapsed_seconds: since it was submitted.
    """

    id: str
    name: str
    state: str
    final_status: str
    tracking_url: str
    diagnostics: str
    attempt: int
    elapsed_seconds: float

    @property
    def is_alive(self) -> bool:
        """Whether it runs, or is going to."""
        return self.state in ALIVE


def applications(settings: Settings, *, tag: str = "", alive: bool = True) -> list[Application]:
    """The applications with a tag, the newest first; only those that aren't over if `alive`.

    Raises:
        ServiceDownError: YARN doesn't answer.
    """
    asked = {"applicationTags": tag} if tag else {}
    if alive:
        asked["states"] = ",".join(ALIVE)
    found = _get(settings, f"apps?{urlencode(asked)}")["apps"] or {"app": []}
    newest_first = sorted(found["app"], key=lambda app: app["startedTime"], reverse=True)
    return [_application(settings, app) for app in newest_first]


def application(settings: Settings, app_id: str) -> Application:
    """One application.

    Raises:
        ServiceDownError: YARN doesn't answer, or has forgotten it.
    """
    return _application(settings, _get(settings, f"apps/{app_id}")["app"])


def kill(settings: Settings, app_id: str) -> None:
    """End an application; its containers get SIGTERM first.

    Raises:
        ServiceDownError: YARN doesn't answer.
    """
    request = urllib.request.Request(
        f"{settings.yarn}/ws/v1/cluster/apps/{app_id}/state?user.name={getpass.getuser()}",
        data=json.dumps({"state": "KILLED"}).encode(),
        headers={"Content-Type": "application/json"},
        method="PUT",
    )
    _open(settings, request)


def node_metrics(settings: Settings) -> dict[str, Any]:
    """The metrics of the whole cluster, such as `activeNodes` and `availableMB`.

    Raises:
        ServiceDownError: YARN doesn't answer.
    """
    metrics: dict[str, Any] = _get(settings, "metrics")["clusterMetrics"]
    return metrics


def _application(settings: Settings, app: dict[str, Any]) -> Application:
    attempts = _get(settings, f"apps/{app['id']}/appattempts")["appAttempts"] or {}
    return Application(
        app["id"],
        app["name"],
        app["state"],
        app["finalStatus"],
        app.get("trackingUrl") or "",
        (app.get("diagnostics") or "").strip(),
        len(attempts.get("appAttempt", [])),
        app["elapsedTime"] / 1000,
    )


def _get(settings: Settings, path: str) -> dict[str, Any]:
    request = urllib.request.Request(f"{settings.yarn}/ws/v1/cluster/{path}")
    answer: dict[str, Any] = json.loads(_open(settings, request))
    return answer


def _open(settings: Settings, request: urllib.request.Request) -> bytes:
    request.add_header("Accept", "application/json")
    try:
        with urllib.request.urlopen(request, timeout=ANSWER_SECONDS) as answer:
            body: bytes = answer.read()
            return body
    except urllib.error.HTTPError as error:
        raise ServiceDownError(
            f"YARN at {settings.yarn} answers {error.code} to {request.get_method()} "
            f"{request.selector}; if it asks for a login, see docs/cluster.md"
        ) from error
    except OSError as error:
        raise ServiceDownError(
            f"YARN doesn't answer at {settings.yarn}: {error}; start it with ./playcount up in "
            "the profile cluster, or set PLAYCOUNT_YARN_URL"
        ) from error
