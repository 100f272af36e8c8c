"""Splits the arguments of an instruction into words, at white space as BuildKit (Go) defines it.

Rules: moby/buildkit frontend/dockerfile/parser/line_parsers.go.
"""

from __future__ import annotations

import json
import re

# unicode.IsSpace of Go: unlike str.isspace it excludes the separators U+001C to U+001F.
SPACE = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# What separates words (moby/buildkit frontend/dockerfile/parser/parser.go, reWhitespace).
BETWEEN_WORDS = re.compile(r"[\t\v\f\r ]+")
_PLAIN = re.compile(r"[\t-\r !#-&(-~]*\Z")  # neither quotes nor white space of other alphabets


def lowered(text: str) -> str:
    """``text`` in lower case by Go's rules: the dotted capital I becomes a plain i."""
    return text.replace("\u0130", "i").lower()


class WordsError(ValueError):
    """Arguments that BuildKit cannot split: a JSON list with an item that is not a string, no = in ENV."""


def keyword_and_rest(text: str) -> tuple[str, str]:
    """``text`` split after its first word, at the white space that BuildKit splits at."""
    parts = BETWEEN_WORDS.split(text.strip(SPACE), maxsplit=1)
    return parts[0], parts[1] if len(parts) == 2 else ""


def split_words(text: str) -> list[str]:
    """``text`` split at white space, even inside quotes; [] for an empty text."""
    return BETWEEN_WORDS.split(text) if text else []


def list_words(text: str) -> tuple[list[str], bool]:
    """The words of COPY, ADD and VOLUME, and whether they are in JSON form."""
    items = json_list(text)
    return (split_words(text), False) if items is None else (items, True)


def command_words(text: str) -> tuple[list[str], bool]:
    """The words of RUN, CMD, ENTRYPOINT and SHELL: one string, or the JSON list."""
    items = json_list(text)
    if items is not None:
        return items, True
    return ([text] if text else []), False


def is_json_list(text: str) -> bool:
    """Whether ``text`` has the JSON form, whatever its items are."""
    try:
        return json_list(text) is not None
    except WordsError:
        return True


def json_list(text: str) -> list[str] | None:
    """The strings of a JSON list, None if ``text`` is not one; WordsError for other items."""
    text = text.lstrip(SPACE)
    if not text.startswith("["):
        return None
    try:
        items = json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        items = [None]  # a list that deep is valid and contains lists
    except ValueError:
        return None
    if not all(isinstance(item, str) for item in items):
        raise WordsError("a list in JSON form can contain only strings")
    return [_without_surrogates(item) for item in items]


def _no_constant(name: str) -> None:
    raise ValueError(name)  # Python parses NaN and Infinity; JSON does not have them


def _without_surrogates(text: str) -> str:
    # Go's decoder replaces a lone surrogate with U+FFFD.
    return text if text.isascii() else text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def key_values(text: str, keyword: str, escape: str) -> list[tuple[str, str]]:
    """The pairs of ENV and LABEL: ``K=V ...``, or the old ``K V``."""
    words = quoted_words(text, escape)
    if not words:
        return []
    if "=" not in words[0]:
        parts = BETWEEN_WORDS.split(text, maxsplit=1)
        if len(parts) < 2:
            raise WordsError(f"{keyword} needs a name and a value")
        return [(parts[0], parts[1])]
    for word in words:
        if "=" not in word:
            raise WordsError(f"{keyword} needs NAME=VALUE, not {word!r}")
    return [(name, value) for name, _, value in (word.partition("=") for word in words)]


def quoted_words(text: str, escape: str) -> list[str]:
    """``text`` split at white space outside quotes, the quotes and escapes kept."""
    if _PLAIN.match(text) and escape not in text:
        return text.split()
    words: list[str] = []
    word: list[str] = []
    quote = ""
    blank_counts = False
    position = 0
    while position < len(text):
        char = text[position]
        position += 1
        if not quote and char in SPACE:
            if word or blank_counts:
                words.append("".join(word))
            word, blank_counts = [], False
            continue
        if char == quote:
            quote = ""
        elif not quote and char in "'\"":
            quote, blank_counts = char, True
        elif char == escape and quote != "'":
            if position == len(text):
                break  # an escape at the very end is dropped
            char += text[position]
            position += 1
        word.append(char)
    if word or blank_counts:
        words.append("".join(word))
    return words
