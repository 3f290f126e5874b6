"""What can be searched for."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from api.questions.selections import Query
from listens.folding import sought

ENTITIES = ("songs", "artists", "albums", "genres", "listeners")

MOST_WORDS = 32


def _searchable(text: str) -> str:
    words = sought(text)
    if not words:
        raise ValueError("has no word to search for")
    if len(words) > MOST_WORDS:
        raise ValueError(f"has {len(words)} words; {MOST_WORDS} may be searched for")
    return text


class SearchQuery(Query):
    """A search by name."""

    q: Annotated[str, Field(max_length=100), AfterValidator(_searchable)] = Field(
        description="Words, or beginnings of words, of title and artist, of album and artist, or "
        "of a name; accents and case don't matter",
        examples=["joga bjork"],
    )
    entity: Literal[ENTITIES] | None = Field(  # type: ignore[valid-type]
        None, description="What is searched; without it, all of these"
    )
    limit: int = Field(10, ge=1, le=100, description="How many items of an entity at most")
