"""Countries by name: files of other tools write Germany, Deutschland or DEU where we keep DE."""

from __future__ import annotations

from functools import cache

from babel import Locale
from babel.core import get_global

_LANGUAGES = ("en", "de", "es", "fr", "it", "ja", "ko", "nl", "pl", "pt", "tr")
_EVERYDAY = {
    "america": "US",
    "czech republic": "CZ",
    "england": "GB",
    "great britain": "GB",
    "holland": "NL",
    "hong kong": "HK",
    "ivory coast": "CI",
    "macau": "MO",
    "palestine": "PS",
    "scotland": "GB",
    "turkey": "TR",
    "u.k.": "GB",
    "u.s.": "US",
    "u.s.a.": "US",
    "uae": "AE",
    "united states of america": "US",
    "wales": "GB",
}
_COLLOQUIAL = {"UK": "GB", "EL": "GR"}
_CODE_LETTERS = 2


def country_code(text: str | None) -> str | None:
    """ISO 3166-1 alpha-2, from a code or a name; None for what is neither, and for ZZ."""
    if text is None:
        return None
    if len(text) == _CODE_LETTERS and text.isascii() and text.isalpha():
        code = text.upper()
        return None if code == "ZZ" else _COLLOQUIAL.get(code, code)
    return _names().get(text.casefold())


@cache
def _names() -> dict[str, str]:
    """Names in some languages and codes of three letters; the first language goes before."""
    names: dict[str, str] = {}
    for language in _LANGUAGES:
        for code, name in Locale(language).territories.items():
            # Of two letters are countries; 001 is the world, and ZZ no place.
            if code.isalpha() and code != "ZZ":
                names.setdefault(name.casefold(), code)
    for alias, codes in get_global("territory_aliases").items():
        if alias.isalpha() and len(codes) == 1:
            names.setdefault(alias.casefold(), codes[0])
    return names | _EVERYDAY
