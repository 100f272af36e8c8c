"""What to show of a report as another choice: only what an existing platform, or a likely argument, chooses.

Several choices that are drawn as one have a condition in common: "with another VARIANT".
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence

from msgspec.structs import replace

from stagegraph.dockerfile.stages import reachable
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report
from stagegraph.picture.view import View

_VALUE = r"[^\s,=]*"
_ARGUMENT = rf"\w+={_VALUE}"
_CONDITION = rf"(?:with ({_ARGUMENT}(?:, {_ARGUMENT})*)|on \S+( build machines)?)"
DRAWS_IT, DRAWS_THEM = "; --all draws it", "; --all draws them"
_VARIES = "with other arguments or platforms"
_MOST_ARGUMENTS = 2  # that a condition names


def likely(report: Report, view: View) -> Report:
    """``report`` without choices that nobody makes; all of it if ``view`` asks for everything.

    BuildKit accepts any name as a platform, so ``FROM bin-$TARGETOS`` can choose `bin-unix`. A stage that
    only such a platform chooses is idle here; a named one is built as a target. The same holds for a value of
    an argument for which another FROM that the build needs has no stage.
    """
    if view.all:
        return report
    return _without_lone_values(_without_unknown_platforms(report))


def _without_unknown_platforms(report: Report) -> Report:
    gone = sum(not edge.platform_exists for edge in report.edges)
    if not gone and all(node.platform_exists for node in report.nodes):
        return report
    nodes = tuple(_idle(node) if not node.platform_exists else node for node in report.nodes)
    edges = tuple(edge for edge in report.edges if edge.platform_exists)
    notes = (*report.notes, *([_note(gone)] if gone else []))
    return replace(report, nodes=nodes, edges=edges, notes=notes)


def _without_lone_values(report: Report) -> Report:
    """``report`` without choices by a value for which another FROM of the build has no stage.

    With ``FROM build-$BASE`` and ``FROM build-base-$BASE`` in one build, the stage `build-base-alpine` is
    also what BASE=base-alpine chooses, but then the second FROM names no stage.
    """
    by_argument = _choices_by_argument(report.edges)
    gone = {
        id(edge)
        for choices in by_argument.values()
        if len({edge.target for edge in choices}) > 1
        for edge in _lone(report, choices)
    }
    if not gone:
        return report
    edges = tuple(edge for edge in report.edges if id(edge) not in gone)
    cut_off = _leading_to_needed(report, report.edges) - _leading_to_needed(report, edges)
    nodes = tuple(_idle(node) if node.id in cut_off else node for node in report.nodes)
    return replace(report, nodes=nodes, edges=edges, notes=(*report.notes, _note_on_values(len(gone))))


def _choices_by_argument(edges: Iterable[Edge]) -> dict[str, list[Edge]]:
    """The edges that a value of one argument chooses, by the name of the argument."""
    choices: dict[str, list[Edge]] = {}
    for edge in edges:
        match = re.fullmatch(rf"with (\w+)={_VALUE}", edge.why) if edge.selectable else None
        if match:
            choices.setdefault(match[1], []).append(edge)
    return choices


def _lone(report: Report, choices: Sequence[Edge]) -> Iterator[Edge]:
    """Those of ``choices``, by one argument, whose value another FROM has no stage for."""
    values: dict[str, set[str]] = {}
    for edge in choices:
        values.setdefault(edge.target, set()).add(edge.why)
    needed = _needed_anyway(report, values)
    others = {target: own for target, own in values.items() if target in needed}
    for edge in choices:
        if any(edge.why not in own for target, own in others.items() if target != edge.target):
            yield edge


def _needed_anyway(report: Report, choosing: Collection[str]) -> set[str]:
    """What the targets need whatever the stages in ``choosing`` are FROM."""
    reads: dict[str, list[str]] = {}
    for edge in report.edges:
        is_choice = edge.target in choosing and edge.kind is EdgeKind.FROM
        if edge.needed and not (edge.selectable or is_choice):
            reads.setdefault(edge.target, []).append(edge.source)
    return reachable(report.targets, lambda name: reads.get(name, ()))


def _leading_to_needed(report: Report, edges: Iterable[Edge]) -> set[str]:
    """The nodes from which ``edges`` lead to a node that is needed."""
    reads: dict[str, list[str]] = {}
    for edge in edges:
        reads.setdefault(edge.target, []).append(edge.source)
    needed = [node.id for node in report.nodes if node.needed]
    return reachable(needed, lambda name: reads.get(name, ()))


def _note(count: int) -> str:
    if count == 1:
        return f"a choice for a platform that does not exist is left out{DRAWS_IT}"
    return f"{count} choices for platforms that do not exist are left out{DRAWS_THEM}"


def _note_on_values(count: int) -> str:
    if count == 1:
        return f"a choice by a value that another FROM has no stage for is left out{DRAWS_IT}"
    return f"{count} choices by values that another FROM has no stage for are left out{DRAWS_THEM}"


def _idle(node: Node) -> Node:
    if node.reach is not Reach.SELECTABLE:
        return node
    named = node.kind is NodeKind.STAGE and node.label != f"stage-{node.index}"
    return replace(node, reach=Reach.IDLE, why=f"as target `{node.label}`" if named else "")


def shared_condition(conditions: Iterable[str]) -> str:
    """What ``conditions`` have in common: "with another VARIANT" for VARIANT=slim and VARIANT=full.

    Empty if one of them is empty, that is unknown. A condition that is both an argument and a platform, or
    that has a value with spaces, is not taken apart.
    """
    different = list(dict.fromkeys(conditions))
    if len(different) < 2 or "" in different:
        return "" if "" in different else "".join(different)
    matches = [re.fullmatch(_CONDITION, condition) for condition in different]
    if None in matches:
        return _VARIES
    return _in_words([match for match in matches if match])


def _in_words(matches: list[re.Match[str]]) -> str:
    """How the conditions that match differ from the build."""
    lists = (match[1].split(", ") for match in matches if match[1])
    names = list(dict.fromkeys(word.partition("=")[0] for words in lists for word in words))
    machines = {match[2] for match in matches if not match[1]}
    kinds = [*(["platform"] if None in machines else []), *(["build machine"] if any(machines) else [])]
    if not names:
        return f"on other {' or '.join(f'{kind}s' for kind in kinds)}"
    if len(names) > _MOST_ARGUMENTS:
        return _VARIES if kinds else "with other arguments"
    return f"with another {' or '.join([*names, *kinds])}"
