"""The README's table of settings, made from their declarations; run it to write the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from listens.settings import CHECKOUT, Settings

BEGIN, END = "<!-- settings -->\n", "\n<!-- /settings -->"


def settings_table() -> str:
    """A Markdown table, a row a setting in the order of their declaration."""
    rows = [
        f"| `PLAYCOUNT_{name.upper()}` | {_shown(field.default)} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| variable | default | what it sets |", "| --- | --- | --- |", *rows])


def _shown(default: Any) -> str:
    if isinstance(default, Path):
        default = default.relative_to(CHECKOUT)
    return f"`{default}`" if str(default) else ""


def main() -> None:
    """Write the table into the README."""
    readme = CHECKOUT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    after = rest.split(END.strip())[1]
    readme.write_text(before + BEGIN + settings_table() + END + after, encoding="utf-8")


if __name__ == "__main__":
    main()
