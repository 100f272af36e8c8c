"""Where texts and holes of HCL end."""

from __future__ import annotations

import json


class HclSyntaxError(ValueError):
    """The text is no expression that is read here."""


def end_of_hole(text: str, position: int) -> int:
    """The place behind the brace that closes the one before ``position``."""
    depth = 1
    while position < len(text):
        char = text[position]
        position += 1
        if char == '"':
            position = end_of_text(text, position)
        elif char in "{}":
            depth += 1 if char == "{" else -1
            if not depth:
                return position
    raise HclSyntaxError


def end_of_text(text: str, position: int) -> int:
    """The place behind the quote that closes the one before ``position``."""
    holes = 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text.startswith(("$${", "%%{"), position):
            position += 3
            continue
        if text.startswith("${", position) or (holes and text[position] == "{"):
            holes += 1
            position += 2 if text[position] == "$" else 1
            continue
        if holes and text[position] == "}":
            holes -= 1
        elif text[position] == '"':
            if not holes:
                return position + 1
            position = end_of_text(text, position + 1)
            continue
        position += 1
    raise HclSyntaxError


def unescaped(text: str) -> str:
    """``text`` with its escapes read."""
    try:
        return str(json.loads(f'"{text}"')) if "\\" in text else text
    except ValueError:
        return text
