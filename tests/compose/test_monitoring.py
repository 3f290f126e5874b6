"""Prometheus and Grafana: each query is run on a real Prometheus that scrapes the real API."""

from __future__ import annotations

import json
import re
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import pytest
from ruamel.yaml import YAML
from werkzeug.serving import make_server

from api.application import create_app
from listens.store import connect, ensure_indexes
from tests.api.documents import Heard, write_commit, write_version
from tests.compose.conftest import FOLDER
from tests.conftest import free_ports

PROMETHEUS = FOLDER / "prometheus"
[DASHBOARD] = [
    json.loads(path.read_text(encoding="utf-8"))
    for path in (FOLDER / "grafana" / "dashboards").glob("*.json")
]
PANELS = DASHBOARD["panels"]
TARGETS = [(panel, target) for panel in PANELS for target in panel["targets"]]
QUERIES = [(panel, target) for panel, target in TARGETS if "expr" in target]
URLS = [(panel, target) for panel, target in TARGETS if "url" in target]
PATIENCE_SECONDS = 30
TUESDAY = datetime(2026, 1, 13, 9, tzinfo=UTC)


def title(panel_and_target) -> str:
    return panel_and_target[0]["title"]


@pytest.fixture(scope="module")
def api(mongo_server) -> Iterator[str]:
    """The address of an API with a version, later commits, an import and heartbeats."""
    settings = mongo_server.model_copy(update={"database": "test_monitoring"})
    store = connect(settings)
    ensure_indexes(store)
    now = datetime.now(UTC)
    listens = [Heard(TUESDAY, title, age=30) for title in ("Jóga", "Hunter", "Jóga")]
    write_commit(store, 1, listens)
    write_version(store, 1, 1, listens)
    store.batch_versions.update_one({"_id": 1}, {"$set": {"seconds": 4.2, "at": now}})
    write_commit(store, 2, listens[:1])
    store.archive_coverage.insert_one({"_id": "archive", "until": {"0": 3}, "at": now})
    rows = {"read": 4, "new": 3, "duplicate": 1, "rejected": 0}
    store.imports.insert_one(
        {"_id": "i", "state": "settled", "started_at": now, "settled_at": now, **rows}
    )
    store.heartbeats.insert_one({"_id": "streaming", "at": now})
    store.scheduled_runs.insert_one({"_id": "batch", "number": 1, "ended_at": now, "outcome": "ok"})
    server = make_server("127.0.0.1", 0, create_app(settings, store), threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    store.client.drop_database(settings.database)
    store.client.close()


@pytest.fixture(scope="module")
def scraped(api, prometheus, tmp_path_factory) -> Iterator[str]:
    """The address of a Prometheus that has scraped the API some times, as in Compose."""
    folder = tmp_path_factory.mktemp("prometheus")
    config = YAML(typ="safe").load(PROMETHEUS / "prometheus.yml")
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    [ours] = [job for job in config["scrape_configs"] if job["job_name"] == "playcount"]
    ours["static_configs"] = [{"targets": [api]}]
    config["scrape_configs"] = [ours]
    YAML(typ="safe").dump(config, folder / "prometheus.yml")
    (folder / "alerts.yml").write_text((PROMETHEUS / "alerts.yml").read_text())
    port = free_ports()["api_port"]
    command = [
        str(prometheus),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    address = f"127.0.0.1:{port}"
    try:
        _ask_the_api_until(
            api, lambda: _values(address, "count_over_time(playcount_store_up[1m]) >= 4")
        )
        yield address
    finally:
        process.terminate()
        process.wait()


def _ask_the_api_until(api: str, holds) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        with urllib.request.urlopen(f"http://{api}/api/top-songs") as response:
            response.read()
        try:
            if holds():
                return
        except OSError:  # Prometheus doesn't listen yet
            pass
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.2)


def _values(prometheus: str, query: str) -> list[float]:
    url = f"http://{prometheus}/api/v1/query?query={urllib.parse.quote(query)}"
    with urllib.request.urlopen(url) as response:
        result = json.load(response)["data"]["result"]
    return [float(each["value"][1]) for each in result]


@pytest.mark.parametrize("panel_and_target", QUERIES, ids=title)
def test_a_panel_s_query_finds_numbers(scraped, panel_and_target):
    _, target = panel_and_target
    query = target["expr"].replace("$__rate_interval", "30s")

    values = _values(scraped, query)

    assert values
    assert all(value == value for value in values), "not a number"  # noqa: PLR0124


@pytest.mark.parametrize("panel_and_target", URLS, ids=title)
def test_a_panel_s_url_answers_with_what_its_columns_select(api, panel_and_target):
    _, target = panel_and_target
    url = target["url"].replace("http://api:5000", f"http://{api}")

    for window in ("all", "2026", "2026-01"):
        with urllib.request.urlopen(url.replace("${window}", window)) as response:
            rows = json.load(response)[target["root_selector"]]

        assert rows
        for column in target["columns"]:
            kind = {"number": int | float, "string": str}[column["type"]]
            assert all(isinstance(row[column["selector"]], kind) for row in rows)


def test_no_alert_fires_where_all_is_well(scraped):
    assert _values(scraped, 'ALERTS{alertstate="firing"}') == []
    assert _values(scraped, "playcount_store_up") == [1]


def test_panels_have_ids_of_their_own_and_do_not_overlap():
    assert len({panel["id"] for panel in PANELS}) == len(PANELS)
    for one, other in combinations(PANELS, 2):
        a, b = one["gridPos"], other["gridPos"]
        beside = a["x"] + a["w"] <= b["x"] or b["x"] + b["w"] <= a["x"]
        below = a["y"] + a["h"] <= b["y"] or b["y"] + b["h"] <= a["y"]
        assert beside or below, (one["title"], other["title"])
        assert a["x"] + a["w"] <= 24


def test_every_data_source_is_provisioned():
    folder = FOLDER / "grafana" / "provisioning" / "datasources"
    [provisioned] = [YAML(typ="safe").load(path) for path in folder.glob("*.yml")]
    known = {source["uid"]: source["type"] for source in provisioned["datasources"]}

    used = {
        each["datasource"]["uid"]: each["datasource"]["type"]
        for panel, target in TARGETS
        for each in (panel, target)
    }

    assert used == known


def test_grafana_finds_services_plugin_and_dashboards(compose):
    grafana = compose["services"]["grafana"]
    folder = FOLDER / "grafana" / "provisioning"
    sources = YAML(typ="safe").load(folder / "datasources" / "playcount.yml")["datasources"]
    [provider] = YAML(typ="safe").load(folder / "dashboards" / "playcount.yml")["providers"]

    told = str(sources) + "".join(target["url"] for _, target in URLS)
    hosts = set(re.findall(r"http://([a-z-]+):\d+", told))
    assert hosts == {"prometheus", "api"}
    assert hosts <= set(compose["services"])
    assert any(volume.split(":")[1] == provider["options"]["path"] for volume in grafana["volumes"])
    plugin = grafana["environment"]["GF_PLUGINS_PREINSTALL_SYNC"].split("@")[0]
    assert plugin in {source["type"] for source in sources}


def test_prometheus_takes_its_configuration(promtool):
    done = subprocess.run(
        [promtool, "check", "config", PROMETHEUS / "prometheus.yml"],
        capture_output=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr.decode()


def test_prometheus_scrapes_services_that_there_are(compose):
    config = YAML(typ="safe").load(PROMETHEUS / "prometheus.yml")
    targets = [
        target
        for job in config["scrape_configs"]
        for static in job["static_configs"]
        for target in static["targets"]
    ]

    assert {target.split(":")[0] for target in targets} <= set(compose["services"])


def series(name: str, values: str, **labels: str) -> dict[str, str]:
    shown = ",".join(f'{key}="{value}"' for key, value in labels.items())
    return {"series": f"{name}{{{shown}}}", "values": values}


ALARMS = [
    ("ApiAway", [series("up", "0x10", job="playcount")], [{"job": "playcount"}]),
    ("ApiAway", [series("up", "1 0 1 0 1 0 1 0 1 0", job="playcount")], []),
    ("MongoAway", [series("playcount_store_up", "0x10")], [{}]),
    (
        "ComponentSilent",
        [series("playcount_heartbeat_age_seconds", "61x10", component="streaming")],
        [{"component": "streaming"}],
    ),
    ("ComponentSilent", [series("playcount_heartbeat_age_seconds", "59x10", component="api")], []),
    (
        "LayerBehind",
        [
            series("playcount_layer_lag_seconds", "301x10", layer="speed"),
            series("playcount_layer_lag_seconds", "9999x10", layer="batch"),
        ],
        [{"layer": "speed"}],
    ),
    (
        "BatchOld",
        [
            series("playcount_batch_age_seconds", "93601x10"),
            series("playcount_layer_lag_events", "1x10", layer="batch"),
        ],
        [{}],
    ),
    (
        "BatchOld",
        [
            series("playcount_batch_age_seconds", "93601x10"),
            series("playcount_layer_lag_events", "0x10", layer="batch"),
        ],
        [],
    ),
    ("BatchFailed", [series("playcount_scheduled_run_success", "0x10", job="b")], [{"job": "b"}]),
    (
        "RowsUnaccounted",
        [series("playcount_last_import_rows", "-1x10", outcome="unaccounted")],
        [{"outcome": "unaccounted"}],
    ),
]


def test_alerts_fire_when_they_should_and_not_else(promtool, tmp_path: Path):
    rules = YAML(typ="safe").load(PROMETHEUS / "alerts.yml")
    [group] = rules["groups"]
    summaries = {rule["alert"]: rule["annotations"]["summary"] for rule in group["rules"]}
    tests = [
        {
            "interval": "1m",
            "input_series": given,
            "alert_rule_test": [
                {
                    "eval_time": "9m",
                    "alertname": alert,
                    "exp_alerts": [
                        {
                            "exp_labels": labels,
                            "exp_annotations": {"summary": _filled(summaries[alert], labels)},
                        }
                        for labels in firing
                    ],
                }
            ],
        }
        for alert, given, firing in ALARMS
    ]
    document = {"rule_files": [str(PROMETHEUS / "alerts.yml")], "tests": tests}
    YAML(typ="safe").dump(document, tmp_path / "tests.yml")

    done = subprocess.run(
        [promtool, "test", "rules", tmp_path / "tests.yml"], capture_output=True, check=False
    )

    assert {alert for alert, _, _ in ALARMS} == set(summaries)
    assert done.returncode == 0, done.stderr.decode()


def _filled(summary: str, labels: dict[str, str]) -> str:
    return re.sub(r"{{ \$labels\.(\w+) }}", lambda found: labels[found[1]], summary)
