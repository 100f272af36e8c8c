"""What is old in a page, as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher

from stagegraph.embedding.markdown import Document
from stagegraph.embedding.pages import Change, Page
from stagegraph.source import printable

_AROUND = 3  # lines of the page shown above and below
_MOST_COMPARED = 5_000  # lines; longer blocks are shown as all out and all in


def unified_diff(page: Page) -> list[str]:
    """The diff of ``page`` without line ends, harmless in a terminal; nothing when it is true."""
    if not page.changes:
        return []
    name = printable(page.path.as_posix())
    lines, grown = [f"--- {name}", f"+++ {name} (as it should be)"], 0
    for change in page.changes:
        lines += _hunks(page.document, change, grown)
        grown += len(change.new) - len(change.old)
    return lines


def _hunks(document: Document, change: Change, grown: int) -> Iterator[str]:
    start = max(0, change.first - _AROUND)
    after = change.first + len(change.old)
    head = document.lines[start : change.first]
    tail = document.lines[after : after + _AROUND]
    old, new = (*head, *change.old, *tail), (*head, *change.new, *tail)
    for group in _groups(old, new):
        first, last = group[0], group[-1]
        yield (
            f"@@ -{_range(start + first[1], last[2] - first[1])}"
            f" +{_range(start + grown + first[3], last[4] - first[3])} @@"
        )
        for kind, old_start, old_end, new_start, new_end in group:
            if kind == "equal":
                yield from (f" {_shown(line)}" for line in old[old_start:old_end])
            else:
                yield from (f"-{_shown(line)}" for line in old[old_start:old_end])
                yield from (f"+{_shown(line)}" for line in new[new_start:new_end])


def _groups(
    old: tuple[str, ...], new: tuple[str, ...]
) -> Iterator[list[tuple[str, int, int, int, int]]] | list[list[tuple[str, int, int, int, int]]]:
    if len(old) + len(new) > _MOST_COMPARED:
        return [[("replace", 0, len(old), 0, len(new))]]
    return (list(group) for group in SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes())


def _range(start: int, length: int) -> str:
    return f"{start + 1 if length else start},{length}"


def _shown(line: str) -> str:
    return "\t".join(printable(part) for part in line.rstrip("\r\n").split("\t"))
