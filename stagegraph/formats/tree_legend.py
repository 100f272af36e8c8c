"""The signs of the trees in a terminal, and what they mean."""

from __future__ import annotations

from collections.abc import Iterator

from stagegraph.formats.terminal_text import Text
from stagegraph.model import EdgeKind, NodeKind, Report, Role
from stagegraph.picture.view import View

STYLES = {
    Role.TARGET: "bold white on_blue",
    Role.INHERITED: "bold blue",
    Role.COPIED: "bold green",
    Role.MOUNTED: "default",
    Role.UPSTREAM: "default",
    Role.UNNEEDED: "dim",
}
MARKS = {
    Role.TARGET: "◉",
    Role.INHERITED: "●",
    Role.COPIED: "◐",
    Role.MOUNTED: "○",
    Role.UPSTREAM: "○",
    Role.UNNEEDED: "·",
}
KINDS = {
    NodeKind.IMAGE: "image",
    NodeKind.NAMED_CONTEXT: "context",
    NodeKind.REMOTE: "download",
}
_ROLES = {
    Role.TARGET: "target",
    Role.INHERITED: "in the image",
    Role.COPIED: "partly in the image",
    Role.UPSTREAM: "left behind",
    Role.UNNEEDED: "not needed",
}
KEY = "◉ target   ● in the image   ◐ partly in the image   ○ left behind   · not needed"
_EDGES = {
    EdgeKind.FROM: "base of the stage that it is listed under",
    EdgeKind.COPY: "copied by that stage",
    EdgeKind.ADD: "added by that stage",
    EdgeKind.MOUNT: "read by a RUN --mount of that stage",
}
_SOURCES = {
    NodeKind.IMAGE: "an image from outside the Dockerfile",
    NodeKind.NAMED_CONTEXT: "a named build context",
    NodeKind.REMOTE: "a file or repository that is downloaded",
}


def legend(report: Report, view: View, *, above: bool) -> Iterator[tuple[Text, Text]]:
    """Each sign and word of the trees that occurs, with what it means; ``above``: whether "(above)" does."""
    nodes = [node for node in report.nodes if node.needed or not view.prune]
    roles, kinds = {node.role for node in nodes}, {node.kind for node in nodes}
    for role, words in _ROLES.items():
        if role in roles or (role is Role.UPSTREAM and Role.MOUNTED in roles):
            yield Text(f"  {MARKS[role]}", style=STYLES[role].replace(" on_blue", "")), Text(words)
    edges = {edge.kind for edge in report.edges if edge.needed or not view.prune}
    words_of = {f"({name})": _SOURCES[kind] for kind, name in KINDS.items() if kind in kinds}
    words_of |= {str(kind).upper(): words for kind, words in _EDGES.items() if kind in edges}
    if above:
        words_of["(above)"] = "what it reads is already shown above"
    if view.critical_path and any(node.critical for node in nodes):
        words_of["critical"] = "on the longest chain of steps"
    for name, words in words_of.items():
        yield Text(f"  {name}", style="bold red" if name == "critical" else "dim"), Text(words)
