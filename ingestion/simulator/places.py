"""Where simulated listeners live: cities of the world, from `cities.csv`."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True)
class Place:
    """A city.

    Attributes:
        country: ISO 3166-1 alpha-2.
        latitude, longitude: degrees.
        timezone: IANA name.
        locale: Faker's, in whose manner people there are named.
        weight: how many listeners live there, against the other cities.
    """

    city: str
    country: str
    latitude: float
    longitude: float
    timezone: str
    locale: str
    weight: float


@cache
def places() -> tuple[Place, ...]:
    """All cities, in the order of the file."""
    text = (files("ingestion.simulator") / "cities.csv").read_text(encoding="utf-8")
    return tuple(
        Place(
            city=row["city"],
            country=row["country"],
            latitude=float(row["latitude"]),
            longitude=float(row["longitude"]),
            timezone=row["timezone"],
            locale=row["locale"],
            weight=float(row["weight"]),
        )
        for row in csv.DictReader(text.splitlines())
    )
