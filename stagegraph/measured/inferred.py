"""What a record shows of its options without saying them: named contexts, arguments that select stages."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator

from stagegraph.dockerfile.stages import Place, Resolved

_CONTEXT = re.compile(r"\[context ([^\]]+)\] (OCI load from client|load from client|docker-image://\S+)")
_VALUES = {"load from client": ".", "OCI load from client": "oci-layout://context"}
_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


def inferred_contexts(names: Iterable[str]) -> dict[str, str]:
    """The named contexts that the steps called ``names`` load; what is in them is not known."""
    found = {match[1]: match[2] for name in names if (match := _CONTEXT.match(name))}
    return {name: _VALUES.get(how, how) for name, how in found.items()}


def inferred_arguments(resolved: Resolved, seen: Collection[int]) -> dict[str, str]:
    """The arguments that make the stages ``seen`` read each other, where ``resolved`` has it otherwise.

    Only what nothing else explains: the stage that the default selects has no steps in the record, and
    of those that have some exactly one fits.
    """
    names = [resolved.places[index].name for index in sorted(seen)]
    found: dict[str, str] = {}
    for place in resolved.places:
        if place.index in seen and place.base_index is not None and place.base_index not in seen:
            for name, value in _fitting(place, names):
                found.setdefault(name, value)
    return found


def _fitting(place: Place, names: Collection[str]) -> Iterator[tuple[str, str]]:
    text = place.text.head.base if place.text else ""
    parts = _VARIABLE.split(text)  # literal, name in braces, name without, literal, ...
    if len(parts) != 4:
        return
    before, after = re.escape(parts[0]), re.escape(parts[3])
    values = {match[1] for name in names if (match := re.fullmatch(f"{before}(.+){after}", name))}
    if len(values) == 1:
        yield parts[1] or parts[2], values.pop()
