"""The graph for the terminal: each target as a tree of what it reads, then what is not needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import TYPE_CHECKING

from stagegraph.formats.words import measured_words
from stagegraph.model import Edge, EdgeKind, Node, NodeKind, Reach, Report, Role
from stagegraph.picture.shorten import cut, edge_label
from stagegraph.picture.view import View
from stagegraph.source import printable

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text
    from rich.tree import Tree


WIDTH = 100


def to_text(parts: Iterable[RenderableType], *, colour: bool, width: int) -> str:
    """``parts`` as lines; without ``colour`` no escape sequence is in them."""
    from rich.console import Console

    out = StringIO()
    console = Console(
        file=out,
        width=width,
        force_terminal=colour,
        force_jupyter=False,  # a string is wanted in a notebook too
        no_color=not colour,
        color_system="256" if colour else None,
        highlight=False,
        markup=False,
        emoji=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part, soft_wrap=False)
    return "\n".join(line.rstrip() for line in out.getvalue().split("\n"))


_STYLES = {
    Role.TARGET: "bold white on blue",
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
_KEY = "◉ target   ● in the image   ◐ partly in the image   ○ left behind   · not needed"


def render(report: Report, view: View, *, colour: bool = False, width: int = WIDTH) -> str:
    """``report`` as trees: a stage is opened where it is first met, and named again elsewhere."""
    return to_text(_parts(report, view), colour=colour, width=width)


def _parts(report: Report, view: View) -> Iterator[RenderableType]:
    from rich.text import Text

    forest = _Forest(report, view)
    for target in report.targets:
        yield forest.tree(target)
    if not view.prune:
        rest = [node for node in report.nodes if node.kind is NodeKind.STAGE and not node.needed]
        if rest:
            yield Text("")
            yield Text("Not needed", style="bold")
        for node in rest:
            yield forest.line(node)
    yield Text("")
    yield Text(_KEY, style="dim")


class _Forest:
    """Makes the trees of one report; remembers which nodes are drawn already."""

    def __init__(self, report: Report, view: View) -> None:
        self._view = view
        self._nodes = {node.id: node for node in report.nodes}
        self._reads = _reads(report.edges)
        self._drawn: set[str] = set()

    def tree(self, node: str) -> Tree:
        """The tree of everything that ``node`` reads, directly or not."""
        from rich.tree import Tree

        root = Tree(self._text(self._nodes[node], ()), guide_style="dim")
        waiting: list[tuple[Tree, str]] = [(root, node)]
        while waiting:
            branch, name = waiting.pop()
            below = []
            for source, edges in self._reads.get(name, {}).items():
                again = source in self._drawn and source in self._reads
                leaf = branch.add(self._text(self._nodes[source], edges, again=again))
                if not again:
                    below.append((leaf, source))
                self._drawn.add(source)
            waiting.extend(reversed(below))
        return root

    def line(self, node: Node) -> Text:
        """One line for a stage that is not needed, with how it could be."""
        text = self._text(node, ())
        if node.reach is Reach.IDLE:
            text.append(f"  {printable(node.why)}", style="dim")
        elif node.why:
            text.append(f"  {node.reach}: {printable(node.why)}", style="dim")
        return text

    def _text(self, node: Node, edges: Sequence[Edge], *, again: bool = False) -> Text:
        from rich.text import Text

        text = Text(overflow="ellipsis", no_wrap=True)
        text.append(f"{_MARKS[node.role]} ", style=_STYLES[node.role].replace(" on blue", ""))
        text.append(cut(node.label, 60), style=_STYLES[node.role])
        text.append(self._about(node), style="dim")
        if edges:
            text.append(f"  {self._how(edges)}")
        if again:
            text.append("  (above)", style="dim")
        if self._view.critical_path and node.critical:
            text.append("  critical", style="bold red")
        return text

    def _about(self, node: Node) -> str:
        words = [_KINDS[node.kind]] if node.kind in _KINDS else []
        if node.kind is NodeKind.STAGE and node.steps:
            words.append(f"{node.steps} step{'' if node.steps == 1 else 's'}")
        if node.measured:
            words.append(measured_words(node.measured))
        if node.platform:
            words.append(node.platform)
        return f" ({', '.join(words)})" if words else ""

    def _how(self, edges: Sequence[Edge]) -> str:
        kinds = "/".join(dict.fromkeys(str(edge.kind).upper() for edge in edges))
        carried = edge_label([edge for edge in edges if edge.kind is not EdgeKind.FROM], 50)
        carried = ", ".join(line.removeprefix("mount").lstrip() for line in carried.split("\n"))
        return f"{kinds} {carried}".rstrip() if self._view.labels else kinds


def _reads(edges: Sequence[Edge]) -> Mapping[str, dict[str, list[Edge]]]:
    """What each stage reads, bases first, then in the order of the lines."""
    found: dict[str, dict[str, list[Edge]]] = {}
    real = [edge for edge in edges if not edge.selectable]
    for edge in sorted(real, key=lambda edge: (edge.kind is not EdgeKind.FROM, edge.line)):
        found.setdefault(edge.target, {}).setdefault(edge.source, []).append(edge)
    return found
