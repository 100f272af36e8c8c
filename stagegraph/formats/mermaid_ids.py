"""The ids of the nodes of a Mermaid diagram: made of names, so that a new stage changes few lines.

Each has a prefix, so that it is never a word of Mermaid's grammar, such as ``end``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from stagegraph.model import NodeKind
from stagegraph.picture.view import Arrow, Box, Picture

_PREFIXES = {
    NodeKind.STAGE: "s",
    NodeKind.IMAGE: "i",
    NodeKind.CONTEXT: "c",
    NodeKind.NAMED_CONTEXT: "c",
    NodeKind.REMOTE: "r",
    None: "s",
}
_LONGEST = 32
_UNNAMED = re.compile(r"stage-\d+\Z")


def node_ids(drawn: Picture) -> dict[str, str]:
    """The id of every box and group of ``drawn``, by its id there.

    Equal names are counted from the end, so that a stage at the top of the file renames none below it.
    """
    texts = {group.id: f"g_{group.label}" for group in drawn.groups}
    stage_of = {group.id: group.label for group in drawn.groups}
    texts |= {box.id: f"{_PREFIXES[box.kind]}_{_name(box, stage_of)}" for box in drawn.boxes}
    ids = _unique(texts)
    return {key: ids[key] for key in texts}


def _name(box: Box, stage_of: Mapping[str, str]) -> str:
    """What the id of ``box`` is made of; empty for stages without a name, which have none of their own."""
    if box.kind is None:
        return f"{stage_of.get(box.group, '')}_step"
    if box.count > 1:
        return "several"
    return "" if box.kind is NodeKind.STAGE and _UNNAMED.match(box.label) else box.label


def _unique(texts: Mapping[str, str]) -> dict[str, str]:
    """An id for each of ``texts``: what is lost of a text that shares its id becomes four digits of a hash."""
    short = {key: _short(text) for key, text in texts.items()}
    sharing = Counter(short[key] for key, _ in {text: (key, text) for key, text in texts.items()}.values())
    hashed = {
        key: f"{name}_{_hash(texts[key])}" if sharing[name] > 1 and name != texts[key] else name
        for key, name in short.items()
    }
    seen: Counter[str] = Counter()
    ids = {}
    for key in reversed(hashed):
        name = hashed[key]
        seen[name] += 1
        ids[key] = name if seen[name] == 1 else f"{name}__{seen[name]}"
    return ids


def _short(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).rstrip("_")
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}_{_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:4]


def label_ids(arrows: Iterable[Arrow], ids: Mapping[str, str]) -> list[str]:
    """The id of the label of each of ``arrows``: of its ends, and the how manieth between them it is."""
    seen: Counter[str] = Counter()
    names = []
    for arrow in arrows:
        ends = f"{ids[arrow.source]} {ids[arrow.target]}"
        seen[ends] += 1
        names.append("t" + hashlib.sha256(f"{ends} {seen[ends]}".encode()).hexdigest()[:6])
    return names
