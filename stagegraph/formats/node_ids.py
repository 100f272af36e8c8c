"""The ids of nodes and arrows in Mermaid and DOT: made of names, so that a new stage changes few lines.

Each has a prefix, so that it is never a word of the grammar, such as ``end`` or ``node``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping

from stagegraph.model import BUILT, NodeKind
from stagegraph.picture.view import Arrow, Box, Picture

_PREFIXES = {
    NodeKind.STAGE: "s",
    NodeKind.IMAGE: "i",
    NodeKind.CONTEXT: "c",
    NodeKind.NAMED_CONTEXT: "c",
    NodeKind.REMOTE: "r",
    NodeKind.BAKE_TARGET: "t",
    None: "s",
}
_LONGEST = 32
_CUT = "…"  # in labels that were too long, which several sources may share
_UNNAMED = re.compile(r"stage-\d+\Z")


def node_ids(drawn: Picture) -> dict[str, str]:
    """The id of every box and group of ``drawn``, by its id there.

    Equal names are counted from the end, so that a stage at the top of the file renames none below it.
    """
    stage_of = {group.id: group.label.partition(" · ")[0] for group in drawn.groups}
    texts = {key: f"g_{_stage(label)}" for key, label in stage_of.items()}
    steps: Counter[str] = Counter()
    for box in drawn.boxes:
        steps[box.group] += 1
        texts[box.id] = f"{_PREFIXES[box.kind]}_{_name(box, stage_of.get(box.group, ''), steps[box.group])}"
    return _unique(texts)


def title_id(group: str) -> str:
    """The id of the title in the frame with the id ``group``."""
    return f"t{group}"


def _name(box: Box, stage: str, number: int) -> str:
    """What the id of ``box`` is made of: its whole name, or for a step its stage and its number in it."""
    if box.kind is None:
        return f"{_stage(stage)}_{number}"
    if box.kind not in BUILT:
        return box.id.partition(":")[2] if _CUT in box.label else box.label
    label = _stage(box.label)
    return "several" if box.count > 1 else f"{stage}_{label}" if stage else label


def _stage(label: str) -> str:
    """The name of a stage; those without one are numbered by their position, which changes too often."""
    return "unnamed" if _UNNAMED.match(label) else label


def _unique(texts: Mapping[str, str]) -> dict[str, str]:
    """An id for each of ``texts``; where different texts would share one, a hash tells them apart."""
    short = {text: _short(text) for text in texts.values()}
    sharing = Counter(short.values())
    seen: Counter[str] = Counter()
    ids = {}
    for key, text in reversed(list(texts.items())):
        name = short[text]
        if sharing[name] > 1 and name != text:
            name = f"{name}_{_hash(text)}"
        seen[name] += 1
        ids[key] = name if seen[name] == 1 else f"{name}__{seen[name]}"
    return ids


def _short(text: str) -> str:
    name = re.sub(r"[^A-Za-z0-9]+", "_", text).rstrip("_")
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}_{_hash(text)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:4]


def arrow_ids(prefix: str, arrows: Iterable[Arrow], ids: Mapping[str, str]) -> list[str]:
    """The id of each of ``arrows``: ``prefix`` and a short hash of its ends; equal ones are counted."""
    seen: Counter[str] = Counter()
    names = []
    for arrow in arrows:
        ends = f"{ids[arrow.source]} {ids[arrow.target]}"
        name = f"{prefix}{hashlib.sha256(ends.encode()).hexdigest()[:6]}"
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return names
