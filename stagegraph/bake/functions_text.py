"""Functions of strings and paths.

Source: zclconf/go-cty cty/function/stdlib string.go, string_replace.go, regexp.go, bytes.go.
"""

from __future__ import annotations

import posixpath
import re
import unicodedata
from fractions import Fraction

from stagegraph.bake.function import Function
from stagegraph.bake.regular_expressions import compiled, go_template
from stagegraph.bake.values import (
    UNKNOWN,
    ListValue,
    UnsuitableValueError,
    Value,
    to_integer,
    to_items,
    to_text,
    to_texts,
)

_LONGEST = 1_000_000  # characters that one function may make


def bounded(text: str) -> str:
    """``text``; UnsuitableValueError if it is too long."""
    if len(text) > _LONGEST:
        raise UnsuitableValueError("the result is too long")
    return text


def _graphemes(text: str) -> list[str]:
    """The characters of ``text`` as people see them: marks and joined characters belong to the one before."""
    if text.isascii() and "\r\n" not in text:
        return list(text)
    parts: list[str] = []
    for char in text:
        joins = parts and (
            unicodedata.combining(char) or char in "\u200d\ufe0f" or parts[-1].endswith("\u200d")
        )
        if joins or (char == "\n" and parts and parts[-1] == "\r"):
            parts[-1] += char
        else:
            parts.append(char)
    return parts


def _substring(value: Value, offset: Value, length: Value) -> str:
    parts = _graphemes(to_text(value))
    start, count = to_integer(offset), to_integer(length)
    start = start + len(parts) if start < 0 else start
    if start < 0 or (start > len(parts) and count):
        return ""
    return "".join(parts[start:] if count < 0 else parts[start : start + count])


def _each(text: str, change: str) -> str:
    """Upper or lower case, one character for one as in Go's unicode tables."""
    changed = ((char.upper() if change == "upper" else char.lower()) for char in text)
    return "".join(new if len(new) == 1 else old for old, new in zip(text, changed, strict=True))


def _title(value: Value) -> str:
    """Go's strings.Title: the first letter of each word in title case."""
    result, inside = [], False
    for char in to_text(value):
        title = char.title()
        result.append(title if not inside and len(title) == 1 else char)
        inside = char.isalnum() or char == "_" or (not char.isascii() and not char.isspace())
    return "".join(result)


def _trim(value: Value, characters: Value) -> str:
    return to_text(value).strip(to_text(characters)) if to_text(characters) else to_text(value)


def _indent(spaces: Value, value: Value) -> str:
    count = to_integer(spaces)
    text = to_text(value)
    if not 0 <= count <= 1000 or count * text.count("\n") > _LONGEST:
        raise UnsuitableValueError("the number of spaces is out of range")
    return text.replace("\n", "\n" + " " * count)


def _split(separator: Value, value: Value) -> ListValue:
    mark, text = to_text(separator), to_text(value)
    return ListValue(text.split(mark) if mark else _graphemes(text) if text else [])


def _replace(value: Value, old: Value, new: Value) -> str:
    text, part, other = to_text(value), to_text(old), to_text(new)
    if len(text) + (text.count(part) * len(other)) > _LONGEST:
        raise UnsuitableValueError("the result is too long")
    return text.replace(part, other)


def _join(separator: Value, *lists: Value) -> str:
    texts = [text for one in lists for text in to_texts(one)]
    mark = to_text(separator)
    if sum(map(len, texts)) + len(mark) * len(texts) > _LONGEST:
        raise UnsuitableValueError("the result is too long")
    return mark.join(texts)


def _sort(value: Value) -> ListValue:
    return ListValue(sorted(to_texts(value), key=lambda text: text.encode("utf-8", "surrogatepass")))


def _regex_replace(value: Value, pattern: Value, replacement: Value) -> Value:
    expression = compiled(to_text(pattern), to_text(value))
    if expression is None:
        return UNKNOWN
    template = go_template(to_text(replacement))
    return bounded(expression.sub(template, to_text(value)))


def _groups(match: re.Match[str]) -> Value:
    """What a match captures: all of it, a tuple of groups, or an object of named ones."""
    names = match.re.groupindex
    if not match.re.groups:
        return match.group()
    if names and len(names) != match.re.groups:
        raise UnsuitableValueError("a pattern has either named or unnamed groups, not both")
    return dict(match.groupdict()) if names else list(match.groups())


def _regex(pattern: Value, value: Value) -> Value:
    expression = compiled(to_text(pattern), to_text(value))
    if expression is None:
        return UNKNOWN
    match = expression.search(to_text(value))
    if not match:
        raise UnsuitableValueError("the pattern does not match the string")
    return _groups(match)


def _regex_all(pattern: Value, value: Value) -> Value:
    expression = compiled(to_text(pattern), to_text(value))
    if expression is None:
        return UNKNOWN
    return ListValue(_groups(match) for match in expression.finditer(to_text(value)))


def _base_name(value: Value) -> str:
    """Go's path.Base."""
    text = to_text(value)
    return text.rstrip("/").rpartition("/")[2] or ("/" if text else ".")


def clean_path(path: str) -> str:
    """Go's path.Clean."""
    cleaned = posixpath.normpath(path) if path else "."
    return "/" + cleaned.lstrip("/") if cleaned.startswith("//") else cleaned


def _directory(value: Value) -> str:
    """Go's path.Dir."""
    head, slash, _ = to_text(value).rpartition("/")
    return clean_path(head + slash)


def _sanitize(value: Value) -> str:
    return re.sub(r"[^a-zA-Z0-9_-]", "_", to_text(value))


def _bytes_slice(value: Value, offset: Value, length: Value) -> str:
    data, start, count = to_text(value).encode(), to_integer(offset), to_integer(length)
    if start < 0 or count < 0 or start + count > len(data):
        raise UnsuitableValueError("the offset or the length is out of range")
    return data[start : start + count].decode("utf-8", "replace")


FUNCTIONS = {
    "basename": Function(_base_name, 1, 1),
    "byteslen": Function(lambda a: Fraction(len(to_text(a).encode("utf-8", "surrogatepass"))), 1, 1),
    "bytesslice": Function(_bytes_slice, 3, 3),
    "chomp": Function(lambda a: to_text(a).rstrip("\r\n"), 1, 1),
    "compact": Function(lambda a: ListValue(text for text in _compactable(a) if text), 1, 1),
    "dirname": Function(_directory, 1, 1),
    "indent": Function(_indent, 2, 2),
    "join": Function(_join, 1, None),
    "lower": Function(lambda a: _each(to_text(a), "lower"), 1, 1),
    "regex": Function(_regex, 2, 2),
    "regex_replace": Function(_regex_replace, 3, 3),
    "regexall": Function(_regex_all, 2, 2),
    "replace": Function(_replace, 3, 3),
    "reverse": Function(lambda a: "".join(reversed(_graphemes(to_text(a)))), 1, 1),
    "sanitize": Function(_sanitize, 1, 1),
    "sort": Function(_sort, 1, 1),
    "split": Function(_split, 2, 2),
    "strlen": Function(lambda a: Fraction(len(_graphemes(to_text(a)))), 1, 1),
    "substr": Function(_substring, 3, 3),
    "title": Function(_title, 1, 1),
    "trim": Function(_trim, 2, 2),
    "trimprefix": Function(lambda a, b: to_text(a).removeprefix(to_text(b)), 2, 2),
    "trimspace": Function(lambda a: to_text(a).strip(), 1, 1),
    "trimsuffix": Function(lambda a, b: to_text(a).removesuffix(to_text(b)), 2, 2),
    "upper": Function(lambda a: _each(to_text(a), "upper"), 1, 1),
}


def _compactable(value: Value) -> list[str]:
    return [to_text(item) for item in to_items(value) if item is not None]
