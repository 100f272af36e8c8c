"""The graph for the terminal: each target as a tree of what it reads, then what is not needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.formats.terminal_text import UNBROKEN, WIDTH, Text, shortened, to_text, two_columns
from stagegraph.formats.tree_folding import NAMES, Shapes, Sibling, few
from stagegraph.formats.tree_legend import KEY, KINDS, MARKS, STYLES, legend
from stagegraph.model import BUILT, Edge, EdgeKind, Node, NodeKind, Reach, Report, Step, StepKind
from stagegraph.picture.alternatives import likely
from stagegraph.picture.box_text import node_labels
from stagegraph.picture.detail import at_detail
from stagegraph.picture.short_names import names_line
from stagegraph.picture.shorten import edge_labels
from stagegraph.picture.view import View
from stagegraph.source import printable
from stagegraph.units import counted, measured_words, rebuild_words, size

_LEAST_STEP = 24  # characters of an instruction beside what follows it


def render(report: Report, view: View, *, colour: bool = False, width: int = 0) -> str:
    """``report`` as trees; a stage that several stages read is expanded once, and then marked "(above)".

    Siblings that are alike are folded into the first of them, unless ``view`` asks for everything.

    The lines of the trees are cut to ``width``, which is 100 without a terminal.
    """
    report = at_detail(report, view)
    return to_text(_texts(report, view, width or WIDTH), colour=colour, width=width or UNBROKEN)


def _texts(report: Report, view: View, width: int) -> Iterator[Text]:
    report = likely(report, view)
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
        for node, rest in few(unneeded) if not view.all else ((node, ()) for node in unneeded):
            yield trees.unneeded(node)
            if rest:
                listed = names_line([trees.labels[one.id] for one in rest], NAMES)
                yield shortened(Text(f"  + {len(rest)} more {rest[0].reach}: {listed}", style="dim"), width)
    for note in report.notes:
        yield Text()
        yield Text(f"note: {note}")
    yield Text()
    if view.legend:
        yield Text("Legend", style="bold")
        yield from two_columns(list(legend(report, view, above=trees.repeats)), width)
    else:
        yield Text(KEY, style="dim")


class _Branch(NamedTuple):
    """A line of a tree that is still to be written."""

    node: str
    edges: Sequence[Edge]  # from it to the node above it
    guides: str  # before the text
    below: str  # before the lines of what it reads, without their own guides
    more: Text | None = None  # instead of the node: those that are like the one before


class _Trees:
    """The trees of one report, with the nodes that were written already."""

    def __init__(self, report: Report, view: View, width: int) -> None:
        self._view = view
        self._width = width
        self._nodes = {node.id: node for node in report.nodes}
        self._reads = _reads(report.edges)
        self.labels = node_labels(report.nodes, 60)
        self._paths = self._edge_labels()
        self._shapes = Shapes(self._nodes, self._reads, view.critical_path)
        self._written: set[str] = set()
        self.repeats = False  # whether a line says "(above)"
        self._steps_of: dict[str, list[Step]] = {}
        for step in report.steps if view.steps else ():
            for stage in report.nodes_of(step) if step.kind not in (StepKind.SOURCE, StepKind.RESULT) else ():
                self._steps_of.setdefault(stage, []).append(step)
        path = [step for step in report.critical_path if report.steps[step].kind is not StepKind.SOURCE]
        self._places = {step: f"{place} of {len(path)}" for place, step in enumerate(path, 1)}

    def _edge_labels(self) -> dict[tuple[Edge, ...], str]:
        """What is copied, added or mounted between each two nodes."""
        groups = (edges for reads in self._reads.values() for edges in reads.values())
        return edge_labels(
            ([edge for edge in group if edge.kind is not EdgeKind.FROM] for group in groups), 50
        )

    def tree(self, root: str) -> Iterator[Text]:
        """The lines of ``root`` and of everything that it reads, directly or not, depth first."""
        waiting = [_Branch(root, (), "", "")]
        while waiting:
            branch = waiting.pop()
            again = branch.node in self._written and branch.node in self._reads
            text = branch.more or self._text(self._nodes[branch.node], branch.edges, again=again)
            room = self._width - len(branch.guides)
            if room > 0:
                yield Text(branch.guides, style="dim") + shortened(text, room)
            if not again and not branch.more:
                self._written.add(branch.node)
                yield from self._steps(branch)
                waiting.extend(reversed(self._branches(branch)))

    def _branches(self, parent: _Branch) -> list[_Branch]:
        rows = list(self._rows(parent.node))
        branches = []
        for number, (source, edges, more) in enumerate(rows, 1):
            end, below = ("└── ", "    ") if number == len(rows) else ("├── ", "│   ")
            # cut to the width, so that the time for a long chain is linear
            guides, below = (f"{parent.below}{guide}"[: self._width] for guide in (end, below))
            branches.append(_Branch(source, edges, guides, below, more))
        return branches

    def _rows(self, parent: str) -> Iterator[tuple[str, Sequence[Edge], Text | None]]:
        """The lines below ``parent``: a node with the edges from it, or the line of those that are folded."""
        for source, like in self._siblings(parent):
            yield source, self._reads[parent][source], None
            if like:
                listed = names_line([self.labels[one] for one in like], NAMES)
                yield source, (), Text(f"+ {len(like)} more like this: {listed}", style="dim")

    def _siblings(self, parent: str) -> list[Sibling]:
        if self._view.all:
            return list(map(Sibling, self._reads.get(parent, {})))
        return self._shapes.siblings(parent, self._written)

    def _steps(self, branch: _Branch) -> Iterator[Text]:
        """The steps of a stage, one a line, if they are asked for; the instruction is cut first."""
        guide = f"{branch.below}{'│' if branch.node in self._reads else ' '}   "[: self._width]
        room = self._width - len(guide)
        for step in self._steps_of.get(branch.node, ()) if room > 0 else ():
            line = f"{step.line:>4}  " if step.line is not None else "      "
            text = Text(line, style="dim")
            text.append(" ".join(printable(step.name).split()))
            after = self._after_step(branch.node, step)
            if room - len(after.plain) > _LEAST_STEP:
                text = shortened(text, room - len(after.plain))
            yield Text(guide, style="dim") + shortened(text + after, room)

    def _after_step(self, node: str, step: Step) -> Text:
        """What follows the instruction of a step: its time, its place on the critical path."""
        text = Text()
        if step.measured:
            text.append(f"  ({measured_words(step.measured)})", style="dim")
        if step.node != node and step.node in self._nodes:
            text.append(f"  (same step as in {self.labels[step.node]})", style="dim")
        if step.rebuild and not step.rebuild.is_cached:
            text.append(f"  {step.rebuild.status}", style="bold red")
        if self._view.critical_path and step.id in self._places:
            text.append(f"  critical {self._places[step.id]}", style="bold red")
        return text

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
        text.append(f"{MARKS[node.role]} ", style=STYLES[node.role].replace(" on_blue", ""))
        text.append(self.labels[node.id], style=STYLES[node.role])
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
        words = [KINDS[node.kind]] if node.kind in KINDS else []
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
        label = self._paths[tuple(edge for edge in edges if edge.kind is not EdgeKind.FROM)]
        paths = ", ".join(line.removeprefix("mount").lstrip() for line in label.split("\n"))
        return f"{kinds} {paths}".rstrip() if self._view.labels else kinds


def _reads(edges: Sequence[Edge]) -> Mapping[str, dict[str, list[Edge]]]:
    """For each stage what it reads, bases first, then in the order of the lines."""
    reads: dict[str, dict[str, list[Edge]]] = {}
    real = [edge for edge in edges if not edge.selectable]
    for edge in sorted(real, key=lambda edge: (edge.kind is not EdgeKind.FROM, edge.line)):
        reads.setdefault(edge.target, {}).setdefault(edge.source, []).append(edge)
    return reads
