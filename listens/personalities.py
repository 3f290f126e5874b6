"""The sixteen listening personalities: four letters, and the name that goes with them.

Familiarity or Exploration, Timelessness or Newness, Loyalty or Variety, Commonality or
Uniqueness; the names are those of Spotify's Wrapped 2022.
"""

from __future__ import annotations

PERSONALITIES: dict[str, str] = {
    "ENLC": "The Voyager",
    "ENLU": "The Nomad",
    "ENVC": "The Early Adopter",
    "ENVU": "The Adventurer",
    "ETLC": "The Top Charter",
    "ETLU": "The Maverick",
    "ETVC": "The Musicologist",
    "ETVU": "The Time Traveler",
    "FNLC": "The Enthusiast",
    "FNLU": "The Devotee",
    "FNVC": "The Fan Clubber",
    "FNVU": "The Specialist",
    "FTLC": "The Connoisseur",
    "FTLU": "The Replayer",
    "FTVC": "The Jukeboxer",
    "FTVU": "The Deep Diver",
}
"""Code → name. Events hold the code."""

_CODES = {name.casefold().removeprefix("the "): code for code, name in PERSONALITIES.items()}


def personality_code(text: str) -> str | None:
    """The code that a code or a name stands for: `envu`, `The Adventurer` → `ENVU`."""
    code = text.strip().upper()
    return code if code in PERSONALITIES else _CODES.get(code.casefold().removeprefix("the "))
