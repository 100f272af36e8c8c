"""The outdated blocks of a Markdown file as a unified diff."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from stagegraph.embedding.markdown import MarkdownText
from stagegraph.embedding.markdown_file import MarkdownFile, OutdatedBlock
from stagegraph.source import printable

_CONTEXT = 3  # unchanged lines above and below
_MOST_COMPARED = 5_000  # lines; larger blocks are shown as removed and added in full: difflib is quadratic

_Opcode = tuple[str, int, int, int, int]


def unified_diff(file: MarkdownFile) -> list[str]:
    """The lines of the diff without line ends and control characters; empty if ``file`` is up to date."""
    if not file.outdated:
        return []
    name = printable(file.path.as_posix())
    lines, growth = [f"--- {name}", f"+++ {name} (updated)"], 0
    for block in file.outdated:
        lines += _hunks(file.markdown, block, growth)
        growth += len(block.new) - len(block.old)
    return lines


def _hunks(markdown: MarkdownText, block: OutdatedBlock, growth: int) -> Iterator[str]:
    """The hunks of one block; ``growth`` is how many lines the blocks above it have added."""
    start = max(0, block.first - _CONTEXT)
    after = block.first + len(block.old)
    head = markdown.lines[start : block.first]
    tail = markdown.lines[after : after + _CONTEXT]
    old, new = (*head, *block.old, *tail), (*head, *block.new, *tail)
    for opcodes in _groups(old, new):
        first, last = opcodes[0], opcodes[-1]
        old_range = _range(start + first[1], last[2] - first[1])
        new_range = _range(start + growth + first[3], last[4] - first[3])
        yield f"@@ -{old_range} +{new_range} @@"
        yield from _lines(opcodes, old, new)


def _lines(opcodes: Sequence[_Opcode], old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    for kind, old_start, old_end, new_start, new_end in opcodes:
        if kind == "equal":
            yield from (f" {_shown(line)}" for line in old[old_start:old_end])
        else:
            yield from (f"-{_shown(line)}" for line in old[old_start:old_end])
            yield from (f"+{_shown(line)}" for line in new[new_start:new_end])


def _groups(old: Sequence[str], new: Sequence[str]) -> Iterator[list[_Opcode]]:
    if len(old) + len(new) > _MOST_COMPARED:
        yield [("replace", 0, len(old), 0, len(new))]
    else:
        matcher = SequenceMatcher(None, old, new, autojunk=False)
        yield from (list(group) for group in matcher.get_grouped_opcodes())


def _range(start: int, length: int) -> str:
    return f"{start + 1 if length else start},{length}"


def _shown(line: str) -> str:
    return "\t".join(printable(part) for part in line.rstrip("\r\n").split("\t"))
