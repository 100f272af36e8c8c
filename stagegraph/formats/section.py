"""The sections of a text report, as data."""

from __future__ import annotations

from msgspec import Struct


class Row(Struct, frozen=True, kw_only=True):
    """A row of a section: what it is about, and details such as its source or line."""

    what: str
    detail: str = ""
    key: str = ""  # "node:" and a Node.id, or "step:" and a Step.id


class Section(Struct, frozen=True, kw_only=True):
    """A heading with the sentences and rows below it."""

    heading: str
    sentences: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()


def located(line: int | None, dockerfile: str) -> str:
    """``line 5``, or ``api/Dockerfile:5`` where there are several Dockerfiles; empty without a line."""
    if not line:
        return ""
    return f"{dockerfile}:{line}" if dockerfile else f"line {line}"
