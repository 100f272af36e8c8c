"""The graph for the terminal: each target as a tree of what it reads, then what is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.formats.terminal_text import UNBROKEN, WIDTH, Text, shortened, to_text, two_columns
from stagegraph.model import BUILT, Edge, EdgeKind, Node, NodeKind, Reach, Report, Role, Step, StepKind
from stagegraph.picture.detail import at_detail
from stagegraph.picture.shorten import cut, edge_label
from stagegraph.picture.view import View
from stagegraph.source import printable
from stagegraph.units import counted, measured_words, rebuild_words, size

_STYLES = {
    Role.TARGET: "bold white on_blue",
    Role.INHERITED: "bold blue",
    Role.COPIED: "bold green",
    Role.MOUNTED: "default",
    Role.UPSTREAM: "default",
    Role.UNNEEDED: "dim",
}
_MARKS = {
    Role.TARGET: "◉",
    Role.INHERITED: "●",
    Role.COPIED: "◐",
    Role.MOUNTED: "○",
    Role.UPSTREAM: "○",
    Role.UNNEEDED: "·",
}
_KINDS = {
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
_KEY = "◉ target   ● in the image   ◐ partly in the image   ○ left behind   · not needed"
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


def render(report: Report, view: View, *, colour: bool = False, width: int = 0) -> str:
    """``report`` as trees; a stage that several stages read is expanded once, and then marked "(above)".

    The lines of the trees are cut to ``width``, which is 100 without a terminal.
    """
    report = at_detail(report, view)
    return to_text(_texts(report, view, width or WIDTH), colour=colour, width=width or UNBROKEN)


def _texts(report: Report, view: View, width: int) -> Iterator[Text]:
    trees = _Trees(report, view, width)
    if view.title:
        yield Text(printable(view.title), style="bold")
        yield Text()
    for target in report.targets:
        yield from trees.tree(target)
    if not view.prune:
        unneeded = [node for node in report.nodes if node.kind is NodeKind.STAGE and not node.needed]
        if unneeded:
            yield Text()
            yield Text("Not needed", style="bold")
        yield from map(trees.unneeded, unneeded)
    for note in report.notes:
        yield Text()
        yield Text(f"note: {note}")
    yield Text()
    if view.legend:
        yield Text("Legend", style="bold")
        yield from two_columns(list(_legend(report, view, trees)), width)
    else:
        yield Text(_KEY, style="dim")


def _legend(report: Report, view: View, trees: _Trees) -> Iterator[tuple[Text, Text]]:
    """Each sign and word of the ``trees`` that occurs, with what it means."""
    nodes = [node for node in report.nodes if node.needed or not view.prune]
    roles, kinds = {node.role for node in nodes}, {node.kind for node in nodes}
    for role, words in _ROLES.items():
        if role in roles or (role is Role.UPSTREAM and Role.MOUNTED in roles):
            yield Text(f"  {_MARKS[role]}", style=_STYLES[role].replace(" on_blue", "")), Text(words)
    edges = {edge.kind for edge in report.edges if edge.needed or not view.prune}
    words_of = {f"({name})": _SOURCES[kind] for kind, name in _KINDS.items() if kind in kinds}
    words_of |= {str(kind).upper(): words for kind, words in _EDGES.items() if kind in edges}
    if trees.repeats:
        words_of["(above)"] = "what it reads is already shown above"
    if view.critical_path and any(node.critical for node in nodes):
        words_of["critical"] = "on the longest chain of steps"
    for name, words in words_of.items():
        yield Text(f"  {name}", style="bold red" if name == "critical" else "dim"), Text(words)


class _Branch(NamedTuple):
    """A line of a tree that is still to be written."""

    node: str
    text: Text
    guides: str  # before the text
    below: str  # before the lines of what it reads, without their own guides
    expands: bool


class _Trees:
    """The trees of one report, with the nodes that were written already."""

    def __init__(self, report: Report, view: View, width: int) -> None:
        self._view = view
        self._width = width
        self._nodes = {node.id: node for node in report.nodes}
        self._reads = _reads(report.edges)
        self._written: set[str] = set()
        self.repeats = False  # whether a line says "(above)"
        self._steps_of: dict[str, list[Step]] = {}
        for step in report.steps if view.steps else ():
            if step.kind not in (StepKind.SOURCE, StepKind.RESULT):
                self._steps_of.setdefault(step.node, []).append(step)

    def tree(self, root: str) -> Iterator[Text]:
        """The lines of ``root`` and of everything that it reads, directly or not, depth first."""
        waiting = [_Branch(root, self._text(self._nodes[root], ()), "", "", True)]
        while waiting:
            branch = waiting.pop()
            room = self._width - len(branch.guides)
            if room > 0:
                yield Text(branch.guides, style="dim") + shortened(branch.text, room)
            if branch.expands:
                yield from self._steps(branch)
                waiting.extend(reversed(self._branches(branch)))

    def _branches(self, parent: _Branch) -> list[_Branch]:
        reads = self._reads.get(parent.node, {})
        branches = []
        for number, (source, edges) in enumerate(reads.items(), 1):
            again = source in self._written and source in self._reads
            text = self._text(self._nodes[source], edges, again=again)
            end, below = ("└── ", "    ") if number == len(reads) else ("├── ", "│   ")
            # cut to the width, so that the time for a long chain is linear
            guides, below = (f"{parent.below}{guide}"[: self._width] for guide in (end, below))
            branches.append(_Branch(source, text, guides, below, not again))
            self._written.add(source)
        return branches

    def _steps(self, branch: _Branch) -> Iterator[Text]:
        """The steps of a stage, one a line, if they are asked for."""
        guide = f"{branch.below}{'│' if branch.node in self._reads else ' '}   "[: self._width]
        room = self._width - len(guide)
        for step in self._steps_of.get(branch.node, ()) if room > 0 else ():
            line = f"{step.line:>4}  " if step.line is not None else "      "
            text = Text(line, style="dim")
            text.append(" ".join(printable(step.name).split()))
            if step.rebuild and not step.rebuild.is_cached:
                text.append(f"  {step.rebuild.status}", style="bold red")
            if self._view.critical_path and step.critical:
                text.append("  critical", style="bold red")
            yield Text(guide, style="dim") + shortened(text, room)

    def unneeded(self, node: Node) -> Text:
        """One line for a stage that is not needed, with what would make it needed."""
        text = self._text(node, ())
        if node.reach is Reach.IDLE:
            text.append(f"  {printable(node.why)}", style="dim")
        elif node.why:
            text.append(f"  {node.reach}: {printable(node.why)}", style="dim")
        return text

    def _text(self, node: Node, edges: Sequence[Edge], *, again: bool = False) -> Text:
        text = Text()
        text.append(f"{_MARKS[node.role]} ", style=_STYLES[node.role].replace(" on_blue", ""))
        text.append(cut(node.label, 60), style=_STYLES[node.role])
        text.append(self._details(node), style="dim")
        if edges:
            text.append(f"  {self._instructions(edges)}")
        if again:
            text.append("  (above)", style="dim")
            self.repeats = True
        if self._view.critical_path and node.critical:
            text.append("  critical", style="bold red")
        return text

    def _details(self, node: Node) -> str:
        words = [_KINDS[node.kind]] if node.kind in _KINDS else []
        if node.kind in BUILT and node.steps:
            words.append(counted(node.steps, "step"))
        if node.measured:
            words.append(measured_words(node.measured))
        if node.rebuild:
            words.append(rebuild_words(node.rebuild, with_line=True))
        if node.bytes is not None:
            words.append(size(node.bytes))
        if node.platform:
            words.append(node.platform)
        return f" ({', '.join(words)})" if words else ""

    def _instructions(self, edges: Sequence[Edge]) -> str:
        if edges[0].kind is EdgeKind.TAG:
            return f"by tag {', '.join(edges[0].paths)}"
        kinds = "/".join(dict.fromkeys(str(edge.kind).upper() for edge in edges))
        label = edge_label([edge for edge in edges if edge.kind is not EdgeKind.FROM], 50)
        paths = ", ".join(line.removeprefix("mount").lstrip() for line in label.split("\n"))
        return f"{kinds} {paths}".rstrip() if self._view.labels else kinds


def _reads(edges: Sequence[Edge]) -> Mapping[str, dict[str, list[Edge]]]:
    """For each stage what it reads, bases first, then in the order of the lines."""
    reads: dict[str, dict[str, list[Edge]]] = {}
    real = [edge for edge in edges if not edge.selectable]
    for edge in sorted(real, key=lambda edge: (edge.kind is not EdgeKind.FROM, edge.line)):
        reads.setdefault(edge.target, {}).setdefault(edge.source, []).append(edge)
    return reads
