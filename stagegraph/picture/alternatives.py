"""What to show of a report as another choice: only what an existing platform, or an argument, chooses.

Several choices that are drawn as one have a condition in common: "with another VARIANT".
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from msgspec.structs import replace

from stagegraph.model import Node, NodeKind, Reach, Report
from stagegraph.picture.view import View

_ARGUMENT = r"\w+=[^\s,=]*"
_CONDITION = rf"(?:with ({_ARGUMENT}(?:, {_ARGUMENT})*)|on \S+( build machines)?)"
_VARIES = "with other arguments or platforms"
_MOST_ARGUMENTS = 2  # that a condition names


def likely(report: Report, view: View) -> Report:
    """``report`` without choices of platforms that do not exist; all of it if ``view`` asks for everything.

    BuildKit accepts any name as a platform, so ``FROM bin-$TARGETOS`` can choose `bin-unix`. A stage that
    only such a platform chooses is idle here; a named one is built as a target.
    """
    gone = sum(not edge.platform_exists for edge in report.edges)
    if view.all or not (gone or any(not node.platform_exists for node in report.nodes)):
        return report
    nodes = tuple(_idle(node) if not node.platform_exists else node for node in report.nodes)
    edges = tuple(edge for edge in report.edges if edge.platform_exists)
    notes = (*report.notes, *([_note(gone)] if gone else []))
    return replace(report, nodes=nodes, edges=edges, notes=notes)


def _note(count: int) -> str:
    if count == 1:
        return "a choice for a platform that does not exist is left out; --all draws it"
    return f"{count} choices for platforms that do not exist are left out; --all draws them"


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
