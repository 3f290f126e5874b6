"""What can be said of files that come in over HTTP."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.questions.selections import Query


class UploadQuery(Query):
    """What the files don't say themselves."""

    listener: str | None = Field(
        None, description="Whose histories they are; without it, each row says whose it is"
    )
    date_order: Literal["dmy", "mdy"] | None = Field(
        None, description="Of dates such as 7/8/2013: day or month first"
    )
