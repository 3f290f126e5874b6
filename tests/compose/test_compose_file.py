"""docker-compose.yml: read by the specification's schema and by Compose, and by a few rules."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys

import pytest

from api.application import create_app
from listens.settings import CHECKOUT, Settings
from listens.store import open_store
from stack.probes import PROBES, api_url
from tests.compose.conftest import COMPOSE_FILE, FOLDER

ONE_SHOT = {"topic", "mongo-replica-set", "hadoop-volumes", "hdfs-folders", "playcount"}
MONITORING = {"kafka-ui", "prometheus", "grafana"}
OURS = {"topic", "streaming", "scheduler", "api", "playcount"}


def test_it_follows_the_specification():
    checker = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]

    done = subprocess.run([*checker, str(COMPOSE_FILE)], capture_output=True, check=False)

    assert done.returncode == 0, done.stdout.decode()


@pytest.fixture(scope="module")
def resolved(docker_compose):
    """What Compose makes of the file: variables put in, paths made absolute."""
    command = [docker_compose, "--profile", "*", "config", "--format", "json"]
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    done = subprocess.run(command, cwd=CHECKOUT, env=clean, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    assert done.stderr == b""
    return json.loads(done.stdout)


def test_compose_takes_it_with_each_profile(resolved, compose):
    assert set(resolved["services"]) == set(compose["services"])


def test_variables_have_the_defaults_of_the_settings(resolved):
    defaults = Settings()
    scheduler = resolved["services"]["scheduler"]["environment"]

    assert scheduler["PLAYCOUNT_BATCH_SCHEDULE"] == defaults.batch_schedule
    assert scheduler["PLAYCOUNT_BATCH_AFTER_EVENTS"] == str(defaults.batch_after_events)
    assert scheduler["PLAYCOUNT_TIME_ZONE"] == defaults.time_zone
    assert scheduler["PLAYCOUNT_OPTIONAL_VIEWS"] == defaults.optional_views
    assert scheduler["PLAYCOUNT_SPARK_DRIVER_MEMORY"] == defaults.spark_driver_memory
    ports = resolved["services"]["api"]["ports"]
    assert [port["published"] for port in ports] == [str(defaults.api_port)]


def test_an_api_that_asks_nobody_is_published_on_this_machine_alone(resolved):
    api = resolved["services"]["api"]

    assert api["environment"]["PLAYCOUNT_ACCESS"] == "container"
    assert [port["host_ip"] for port in api["ports"]] == ["127.0.0.1"]


def test_the_monitoring_asks_by_names_that_the_api_answers_to(resolved, monkeypatch):
    for name, value in resolved["services"]["api"]["environment"].items():
        monkeypatch.setenv(name, value)
    # Without the store, /metrics tells of the API alone.
    settings = Settings().model_copy(update={"mongo_uri": "mongodb://127.0.0.1:1/?replicaSet=rs0"})
    client = create_app(settings, open_store(settings, timeout_seconds=0.2)).test_client()
    scraped = (FOLDER / "prometheus" / "prometheus.yml").read_text(encoding="utf-8")
    [dashboard] = (FOLDER / "grafana" / "dashboards").glob("*.json")
    asked = {
        *re.findall(r"targets: \[(api:\d+)\]", scraped),
        *re.findall(r'"http://([^/"]+)/api/', dashboard.read_text(encoding="utf-8")),
        api_url(settings).removeprefix("http://"),
    }

    assert asked == {"api:5000", "127.0.0.1:5000"}
    for host in asked:
        assert client.get("/metrics", headers={"Host": host}).status_code == 200
    assert client.get("/metrics", headers={"Host": "evil.example"}).status_code == 421


def test_what_is_mounted_exists(resolved):
    sources = [
        volume["source"]
        for service in resolved["services"].values()
        for volume in service.get("volumes", [])
        if volume["type"] == "bind"
    ]

    assert len(sources) == 9
    for source in sources:
        assert (CHECKOUT / source).exists(), source


def test_ports_are_open_to_this_machine_alone(compose):
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]

    assert len(ports) == 8
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []


def test_images_are_pinned(compose):
    images = {service["image"] for service in compose["services"].values()}
    froms = re.findall(r"^FROM (\S+)", (FOLDER / "Dockerfile").read_text(), re.MULTILINE)

    for image in images | {name for name in froms if name != "base"}:
        name, _, tag = image.partition(":")
        assert re.match(r"v?\d+\.\d+\.\d+", tag), name


def test_services_wait_for_what_they_need_in_the_way_that_it_ends(compose):
    """For one that ends, its end; for one that stays, its health."""
    services = compose["services"]
    for name, service in services.items():
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services, name
            ends = needed in ONE_SHOT
            expected = "service_completed_successfully" if ends else "service_healthy"
            assert how["condition"] == expected, (name, needed)


def test_each_service_that_stays_has_a_health_check_and_is_restarted(compose):
    for name, service in compose["services"].items():
        stays = name not in ONE_SHOT
        assert ("healthcheck" in service) == stays, name
        assert service["restart"] == ("unless-stopped" if stays else "no"), name


def test_profiles(compose):
    profiles = {name: service.get("profiles") for name, service in compose["services"].items()}

    assert {name for name, chosen in profiles.items() if chosen == ["monitoring"]} == MONITORING
    assert {name for name, chosen in profiles.items() if chosen} == {*MONITORING, "playcount"}


def test_data_is_in_named_volumes_that_are_declared_and_used(compose):
    used = {
        volume.split(":")[0]
        for service in compose["services"].values()
        for volume in service.get("volumes", [])
        if not volume.startswith("./")
    }

    assert used == set(compose["volumes"])


def test_our_settings_are_settings(compose):
    known = {f"PLAYCOUNT_{name.upper()}" for name in Settings.model_fields}
    text = COMPOSE_FILE.read_text(encoding="utf-8")

    assert set(re.findall(r"PLAYCOUNT_[A-Z_]+", text)) <= known


def test_our_containers_have_no_privileges(compose):
    for name in OURS:
        service = compose["services"][name]
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
    dockerfile = (FOLDER / "Dockerfile").read_text()
    users = re.findall(r"^USER (\S+)", dockerfile, re.MULTILINE)
    assert users == ["playcount"]


def test_health_checks_of_ours_ask_for_components_that_there_are(compose):
    asked = {
        service["healthcheck"]["test"][-1]
        for name, service in compose["services"].items()
        if name in OURS and "healthcheck" in service
    }

    assert asked == {"streaming", "scheduler", "api"}
    assert asked <= set(PROBES)


def test_the_same_mongodb_initiates_the_set_and_is_in_it(compose):
    services = compose["services"]
    script = (FOLDER / "mongo-initiate.js").read_text()
    uri = services["streaming"]["environment"]["PLAYCOUNT_MONGO_URI"]

    assert services["mongo"]["image"] == services["mongo-replica-set"]["image"]
    assert services["mongo"]["command"][1:3] == ["--replSet", "rs0"]
    assert '{ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] }' in script
    assert uri == "mongodb://mongo:27017/?replicaSet=rs0"
