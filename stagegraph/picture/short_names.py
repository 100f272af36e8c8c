"""Shortens names by what they mean, between words, and a set of names so that they stay different."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from stagegraph.dockerfile.references import is_git, is_url
from stagegraph.source import printable

ELLIPSIS = "…"
LONGER = 1.3  # how much longer a label may be at each level
_MOST_FOLDERS = 12  # of the end of a path
_MOST_LEVELS = 12  # 1.3 to the power of 12 is 23
# a digest or a commit: its first seven digits are shown, as Git does
_HEXADECIMAL = r"(?<![0-9a-fA-F])([0-9a-fA-F]{7})[0-9a-fA-F]{25,}(?![0-9a-fA-F])"
_Key = TypeVar("_Key", bound=Hashable)


def is_border(text: str, at: int) -> bool:
    """Whether ``text`` can be cut before the position ``at`` without a cut in a word."""
    before, after = text[at - 1 : at], text[at : at + 1]
    return not (before.isalnum() and after.isalnum()) or (before.islower() and after.isupper())


def cut(text: str, length: int) -> str:
    """``text`` of at most ``length`` characters, cut at its end, between words if they are short."""
    text = printable(text)
    if len(text) <= length:
        return text
    at = next((at for at in range(length - 1, length // 2, -1) if is_border(text, at)), length - 1)
    return text[:at].rstrip() + ELLIPSIS


def between_words(text: str, length: int) -> str:
    """``text`` of at most ``length`` characters without words of its middle, the tail the longer half.

    A word is cut only if it is longer than ``length`` by itself.
    """
    text = printable(text)
    if len(text) <= length:
        return text
    head = _last_border(text, (length - 1) // 3) or _last_border(text, (length - 1) // 2)
    tail = _first_border(text, len(text) - (length - 1 - head))
    if tail < len(text):
        return text[:head].rstrip() + ELLIPSIS + text[tail:].lstrip()
    tail = _first_border(text, len(text) - (length - 1))
    if tail < len(text):
        return ELLIPSIS + text[tail:].lstrip()
    head = _last_border(text, length - 1)
    if head:
        return text[:head].rstrip() + ELLIPSIS
    return text[: (length - 1) // 3] + ELLIPSIS + text[len(text) - (length - 1 - (length - 1) // 3) :]


def few_names(names: Sequence[str], most: int) -> str:
    """The first ``most`` of ``names``, and how many more there are: "a, b and 3 more"."""
    shown = ", ".join(printable(name) for name in names[:most])
    return f"{shown} and {len(names) - most} more" if len(names) > most else shown


def names_line(names: Sequence[str], length: int) -> str:
    """As many whole ``names`` as ``length`` characters hold, and … for the rest: "auth, billing …"."""
    count = len(names)
    while count > 1 and len(", ".join(names[:count])) + 2 * (count < len(names)) > length:
        count -= 1
    shown = cut(", ".join(names[:count]), length)
    return f"{shown} {ELLIPSIS}" if count < len(names) else shown


def _last_border(text: str, limit: int) -> int:
    return next((at for at in range(limit, 0, -1) if is_border(text, at)), 0)


def _first_border(text: str, start: int) -> int:
    return next((at for at in range(start, len(text)) if is_border(text, at)), len(text))


def short(text: str, length: int, level: int = 0) -> str:
    """``text`` in about ``length`` characters: its longest form that fits; a repository by its name.

    A git address is always ``owner/repository @ref``; at a higher ``level`` all is longer.
    """
    room = int(length * LONGER**level)
    forms = _forms(printable(text))
    if is_git(text) and not level:
        return between_words(forms[-1], room)
    return next((form for form in forms if len(form) <= room), None) or between_words(forms[-1], room)


def _forms(text: str) -> list[str]:
    """``text`` and its shorter forms, the longest first."""
    if is_git(text):
        return [text, *_git_forms(text)]
    if is_url(text):
        address = re.split(r"[?#]", text.partition("://")[2], maxsplit=1)[0]
        return [text, address, *_path_forms(address)]
    brief = re.sub(_HEXADECIMAL, rf"\1{ELLIPSIS}", text)
    return [*dict.fromkeys((text, brief)), *_path_forms(brief)]


def _path_forms(path: str) -> Iterator[str]:
    """A path without folders of its middle, then without its first ones."""
    parts = path.rstrip("/").split("/")
    end = "/" if path.endswith("/") else ""
    first = "/".join(parts[: 1 if parts[0] else 2])
    if " " in first or " " in parts[-1]:  # not a path
        return
    most = len(parts) - (2 if parts[0] else 3)
    tails = ["/".join(parts[-kept:]) + end for kept in range(min(most, _MOST_FOLDERS), 0, -1)]
    yield from (f"{first}/{ELLIPSIS}/{tail}" for tail in tails)
    yield from (f"{ELLIPSIS}/{tail}" for tail in (*tails, parts[-1] + end) if len(parts) > 1)


def _git_forms(text: str) -> Iterator[str]:
    """``host/owner/repository @ref :folder``, then without the host."""
    from urllib.parse import parse_qs

    address, _, fragment = text.partition("#")
    address, _, query = address.partition("?")
    asked = {name: values[0] for name, values in parse_qs(query).items()}
    ref, _, folder = fragment.partition(":")
    ref = ref or next(
        (asked[name] for name in ("ref", "tag", "branch", "commit", "checksum") if name in asked), ""
    )
    ref = re.sub(_HEXADECIMAL, r"\1", ref.removeprefix("refs/tags/").removeprefix("refs/heads/"))
    folder = (folder or asked.get("subdir", "")).strip("/")
    host = address.partition("://")[2] if "://" in address else address.replace(":", "/", 1)
    host = host.rpartition("@")[2].rstrip("/").removesuffix(".git")
    end = (f" @{ref}" if ref else "") + (f" :{folder}" if folder else "")
    yield host + end
    yield "/".join(host.split("/")[1:][-2:] or [host]) + end


def told_apart(forms: Mapping[_Key, Callable[[int], str]]) -> dict[_Key, str]:
    """A label for every key, each different: those that are equal are taken from a higher level.

    ``forms`` gives the label at a level, the shortest at 0. Labels that stay equal are numbered.
    """
    levels = dict.fromkeys(forms, 0)
    shown = {key: form(0) for key, form in forms.items()}
    while equal := [key for key in _equal(shown) if levels[key] < _MOST_LEVELS]:
        for key in equal:
            levels[key] += 1
            shown[key] = forms[key](levels[key])
    return _numbered(shown)


def _equal(shown: Mapping[_Key, str]) -> Iterator[_Key]:
    counts: dict[str, int] = {}
    for label in shown.values():
        counts[label] = counts.get(label, 0) + 1
    yield from (key for key, label in shown.items() if counts[label] > 1)


def _numbered(shown: Mapping[_Key, str]) -> dict[_Key, str]:
    """``shown`` with " (2)" after the second of equal labels."""
    taken, numbered = set[str](), dict[_Key, str]()
    for key, label in shown.items():
        number, one = 1, label
        while one in taken:
            number += 1
            one = f"{label} ({number})"
        taken.add(one)
        numbered[key] = one
    return numbered


def short_names(names: Iterable[str], length: int) -> dict[str, str]:
    """A short form of each of ``names``; different names have different forms.

    Names that would read the same are first shortened to what tells them apart, then made longer.
    """
    names = tuple(dict.fromkeys(names))
    first: dict[str, list[str]] = {}
    for name in names:
        first.setdefault(short(name, length), []).append(name)
    special = dict[str, str]()
    for group in (group for group in first.values() if len(group) > 1):
        special.update(_differences([printable(name) for name in group], group, length))

    def form(name: str) -> Callable[[int], str]:
        return lambda level: special[name] if name in special and not level else short(name, length, level)

    return told_apart({name: form(name) for name in names})


def _differences(texts: list[str], names: list[str], length: int) -> dict[str, str]:
    """The texts without what all of them begin and end with, except its first and last word, if that fits."""
    start, end = common_start(texts), common_end(texts)
    # the separators around what differs stay
    start -= start > 0 and not texts[0][start - 1].isalnum()
    end -= end > 0 and not texts[0][len(texts[0]) - end].isalnum()
    first = next((at for at in range(2, start) if is_border(texts[0], at)), start)
    for last in range(min(end, length), -1, -1):
        if all(is_border(text, len(text) - last) for text in texts):
            shown = [_without(text, (first, start), (end, last)) for text in texts]
            if len(set(shown)) == len(names) and all(len(one) <= length for one in shown):
                return dict(zip(names, shown, strict=True))
    return {}


def _without(text: str, start: tuple[int, int], end: tuple[int, int]) -> str:
    """``text`` without its characters from ``start[0]`` to ``start[1]``, and the same from its end."""
    first, left = start
    right, last = len(text) - end[0], len(text) - end[1]
    return (
        text[:first]
        + (ELLIPSIS if left > first else "")
        + text[left:right]
        + (ELLIPSIS if last > right else "")
        + text[last:]
    )


def common_start(texts: Iterable[str]) -> int:
    """The length of what all ``texts`` begin with, up to a border between words in each of them."""
    texts = list(texts)
    first, last = min(texts), max(texts)
    same = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    return next((at for at in range(same, 0, -1) if all(_can_end(text, at) for text in texts)), 0)


def _can_end(text: str, at: int) -> bool:
    """Whether a common start can end before the position ``at``: also between a name and its number."""
    return is_border(text, at) or (text[at - 1].isalpha() and text[at].isdecimal())


def common_end(texts: Iterable[str]) -> int:
    """The length of what all ``texts`` end with after what they begin with, from a border between words."""
    texts = list(texts)
    start = common_start(texts)
    backwards = [text[start:][::-1] for text in texts]
    first, last = min(backwards), max(backwards)
    same = next((at for at, letter in enumerate(first) if last[at : at + 1] != letter), len(first))
    return next(
        (at for at in range(same, 0, -1) if all(is_border(text, len(text) - at) for text in texts)), 0
    )
