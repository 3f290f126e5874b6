"""A listen as bytes on Kafka: Avro single-object encoding.

Two marker bytes, the writer schema's CRC-64-AVRO fingerprint in little-endian order, the body
(Avro 1.12 specification, "Single-object encoding"). A reader therefore knows a message that it
can't read, and never reads half of one.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import fastavro
from fastavro.schema import fingerprint, to_parsing_canonical_form

from listens.errors import UserMistakeError

MARKER = b"\xc3\x01"
HEADER_BYTES = 10
CURRENT_SCHEMA = "listen-1.avsc"
_SEVEN_BITS = 0x7F


class UndecodableError(UserMistakeError):
    """A message that isn't a listen; `reason` is one of the codes in `listens.rules`."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the message is no listen: {reason}")
        self.reason = reason


def schema_text(name: str = CURRENT_SCHEMA) -> str:
    """The JSON text of one schema in `listens/schemas`."""
    return (files("listens") / "schemas" / name).read_text(encoding="utf-8")


@cache
def headers() -> dict[bytes, str]:
    """The ten leading bytes of a message, for every schema that can be read: header → name."""
    names = sorted(
        entry.name
        for entry in (files("listens") / "schemas").iterdir()
        if entry.name.endswith(".avsc")
    )
    return {_header(name): name for name in names}


@cache
def _parsed(name: str) -> Any:  # noqa: ANN401 - fastavro has no name for it
    return fastavro.parse_schema(json.loads(schema_text(name)))


@cache
def _header(name: str) -> bytes:
    canonical = to_parsing_canonical_form(json.loads(schema_text(name)))
    return MARKER + bytes.fromhex(fingerprint(canonical, "CRC-64-AVRO"))


def field_names() -> tuple[str, ...]:
    """The fields of a listen, in the order of the current schema."""
    return tuple(field["name"] for field in json.loads(schema_text())["fields"])


def encode(listen: Mapping[str, Any]) -> bytes:
    """One message. `ended_at` is milliseconds since 1970 or an aware datetime."""
    buffer = io.BytesIO()
    buffer.write(_header(CURRENT_SCHEMA))
    fastavro.schemaless_writer(buffer, _parsed(CURRENT_SCHEMA), dict(listen))
    return buffer.getvalue()


def part_encoder(first: str, last: str) -> Callable[[Mapping[str, Any]], bytes]:
    """Encodes the fields of a listen from one to another one, both included.

    A record in Avro is its fields one after the other, so that whoever writes millions of listens
    encodes what repeats in them, such as a song, once. `message_head()` comes before the parts.
    """
    names = field_names()
    wanted = names[names.index(first) : names.index(last) + 1]
    named: dict[str, Any] = {}
    listen: Any = fastavro.parse_schema(json.loads(schema_text()), named_schemas=named)
    fields = [field for field in listen["fields"] if field["name"] in wanted]
    part = {"type": "record", "name": f"playcount.From_{first}", "fields": fields}
    schema = fastavro.parse_schema(part, named_schemas=named)

    def encode_part(values: Mapping[str, Any]) -> bytes:
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, schema, values)
        return buffer.getvalue()

    return encode_part


def encoded_long(number: int) -> bytes:
    """A number of a listen that differs from row to row, as Avro's long: zigzag, 7 bits a byte.

    `part_encoder` would take eight times as long for it.
    """
    rest = (number << 1) ^ (number >> 63)
    encoded = bytearray()
    while rest > _SEVEN_BITS:
        encoded.append(rest & _SEVEN_BITS | 0x80)
        rest >>= 7
    encoded.append(rest)
    return bytes(encoded)


def message_head() -> bytes:
    """What every message of the current schema begins with."""
    return _header(CURRENT_SCHEMA)


def decode(message: bytes) -> dict[str, Any]:
    """The listen in a message; `ended_at` is an aware datetime.

    Raises:
        UndecodableError: wrong marker, unknown schema, a body that ends too early, or no such time.
    """
    name = headers().get(message[:HEADER_BYTES])
    if name is None:
        raise UndecodableError("bad_marker" if message[:2] != MARKER else "unknown_schema")
    try:
        record = fastavro.schemaless_reader(
            io.BytesIO(message[HEADER_BYTES:]), _parsed(name), _parsed(CURRENT_SCHEMA)
        )
    except OverflowError as error:  # of fastavro's datetimes: they end with the year 9999
        raise UndecodableError("out_of_range") from error
    except (EOFError, ValueError, IndexError, UnicodeDecodeError) as error:
        raise UndecodableError("undecodable") from error
    if not isinstance(record, dict):
        raise UndecodableError("undecodable")
    return record
