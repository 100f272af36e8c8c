"""One CSV record, as Go's encoding/csv reads the value of ``--mount``."""

from __future__ import annotations


class FieldsError(ValueError):
    """A value that is no CSV record."""


def csv_fields(text: str) -> tuple[str, ...]:
    """The fields of ``text``; FieldsError for an empty record or a quote out of place."""
    if not text.strip("\r\n"):
        raise FieldsError("it is empty")
    fields: list[str] = []
    position = 0
    while position <= len(text):
        field, position = (_quoted if text.startswith('"', position) else _bare)(text, position)
        fields.append(field)
    return tuple(fields)


def _bare(text: str, position: int) -> tuple[str, int]:
    end = text.find(",", position)
    end = len(text) if end < 0 else end
    field = text[position:end]
    if '"' in field:
        raise FieldsError("a quote stands inside a field that is not quoted")
    return field, end + 1


def _quoted(text: str, position: int) -> tuple[str, int]:
    parts: list[str] = []
    position += 1
    while True:
        end = text.find('"', position)
        if end < 0:
            raise FieldsError("a quote is not closed")
        parts.append(text[position:end])
        following = text[end + 1 : end + 2]
        position = end + 2
        if following in ("", ","):
            return "".join(parts), position
        if following != '"':
            raise FieldsError("text follows a closing quote")
        parts.append('"')
