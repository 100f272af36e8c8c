"""The steps that a Dockerfile gives, found by the names and lines of the vertices in a record."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from stagegraph.graph.build import Build
from stagegraph.graph.steps import RawStep, StepBuilder, StepList
from stagegraph.timings.step_names import canonical_name


class StepIndex:
    """Finds the positions of steps by what build output calls them."""

    def __init__(self, steps: Sequence[RawStep]) -> None:
        self.steps = steps
        self._by_name: dict[str, list[int]] = {}
        self._by_line: dict[tuple[int, str], list[int]] = {}
        for position, step in enumerate(steps):
            for name, span in [(step.name, step.span), *step.others]:
                canonical = canonical_name(name)
                self._by_name.setdefault(canonical.text, []).append(position)
                if span:
                    self._by_line.setdefault((span.line, canonical.keyword), []).append(position)

    def find(self, name: str, lines: Sequence[int]) -> tuple[int, ...]:
        """The positions of the steps that the vertex called ``name``, made from ``lines``, stands for."""
        canonical = canonical_name(name)
        positions = self._by_name.get(canonical.text)
        if not positions:
            positions = [p for line in lines for p in self._by_line.get((line, canonical.keyword), ())]
        return tuple(dict.fromkeys(positions))


def all_steps(builds: Iterable[Build]) -> list[RawStep]:
    """The steps of every stage, needed or not, equal ones merged: the target of a log is unknown."""
    steps = StepList()
    for build in builds:
        for target_build in build.target_builds:
            resolved = target_build.resolved
            everything = replace(resolved, needed=frozenset(range(len(resolved.sources))))
            StepBuilder(everything, target_build.actions, steps).build()
    return steps.steps
