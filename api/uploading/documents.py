"""What is sent and answered where files come in: models for the API's description and tests."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from api.shapes.answers import Dated
from api.shapes.items import Answer, Import

State = Literal["waiting", "importing", "imported", "failed"]


class SentFiles(BaseModel):
    """Listening histories, of any format that `playcount import` reads."""

    file: list[bytes] = Field(min_length=1)


class UploadTaken(Answer):
    """Files that are kept, and will be imported."""

    upload_id: str
    state: State
    files: list[str] = Field(description="Their names, without paths")
    bytes: int
    url: str = Field(description="Where it says how it stands; also in `Location`")


class RejectedRow(Answer):
    """A row that was not sent."""

    import_id: str
    file: str
    row: int = Field(description="Its place, from 1")
    reason: str
    why: str
    raw: Any = Field(description="The row, without personal data")


class Upload(Dated):
    """How an upload stands."""

    upload_id: str
    state: State = Field(description="`imported`: all rows are sent, and counted unless `error`")
    at: datetime = Field(description="Since when it's in this state")
    files: list[str]
    bytes: int
    error: str | None = Field(None, description="What was wrong, in words")
    notes: list[str] = Field(description="What was left out of an archive, and why")
    imports: list[Import] = Field(
        description="Its accounts, one a history: `read` of `rows`, and the balance; after an "
        "interruption another one"
    )
    rejected: int = Field(description="Rows that were not sent")
    rejections: list[RejectedRow] = Field(description="The first 50 of them")
