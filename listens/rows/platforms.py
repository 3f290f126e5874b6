"""The many texts by which exports name a device, folded to a small set."""

from __future__ import annotations

import re
from functools import lru_cache

PLATFORMS = (
    "android",
    "car",
    "console",
    "ios",
    "linux",
    "macos",
    "other",
    "speaker",
    "tv",
    "watch",
    "web",
    "windows",
)

_TV = r"\btv\b|\w+tv\b|tizen|webos|roku|chromecast|fire ?tv|bravia|\bstb\b|set-?top"
_SPEAKER = (
    r"speaker|sonos|\becho\b|alexa|google ?home|homepod|\bcast\b|audio ?video|\bavr\b|bose|denon"
    r"|libratone|yamaha|onkyo|\bavs\b|hifi|soundbar"
)
# The first pattern that matches decides: what a device is used as goes before what it runs
# on ("Android OS … Android Auto" is a car, "Partner google cast_tv" a television).
_RULES: tuple[tuple[str, str], ...] = (
    ("web", r"web ?player|\bweb\b|websocket"),
    ("car", r"\bcar\b|android ?auto|carplay|car ?thing|tesla|automotive|\bbmw\b|\bford\b"),
    ("watch", r"watch|wear ?os|garmin|fitbit"),
    ("console", r"playstation|\bps[345]\b|xbox|nintendo|\bscei\b"),
    ("tv", _TV),
    ("speaker", _SPEAKER),
    ("ios", r"\bios\b|iphone|ipad|ipod"),
    ("android", r"android"),
    ("windows", r"windows|win32|win64"),
    ("macos", r"\bos ?x\b|\bmac\b|mac ?os|macintosh|darwin"),
    ("linux", r"linux|ubuntu|fedora|debian"),
)
_COMPILED = tuple((platform, re.compile(pattern)) for platform, pattern in _RULES)


@lru_cache(maxsize=10_000)
def folded(raw: str) -> str:
    """One of `PLATFORMS`: `Android OS 11 API 30 (Xiaomi, …)` → `android`."""
    text = raw.casefold().replace("_", " ")
    for platform, pattern in _COMPILED:
        if pattern.search(text):
            return platform
    return "other"
