"""Every edge that could ever be, all taken together: what they do not reach, nothing builds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from stagegraph.analysis.selectors import Selectors
from stagegraph.analysis.wiring import Wiring

_TOO_MANY = "there are too many variables in FROM to follow them all"


class Possible:
    """The stages that some question could build, each with the doubt that leads to it.

    The doubt is empty where no variable is needed to get there. Made from any Wiring of the file
    without named contexts: only the bases of FROM with a variable depend on the question.
    """

    def __init__(self, wiring: Wiring, selectors: Selectors) -> None:
        self._wiring = wiring
        self._selectors = selectors
        self.doubts: dict[int, str] = {}
        self._spread([(stage, "") for stage in self._targets()])
        doubt = self._general_doubt()
        if doubt:
            self._spread([(stage, doubt) for stage in range(wiring.count)])

    def _targets(self) -> list[int]:
        return sorted({*self._wiring.resolved.by_name.values(), self._wiring.count - 1})

    def _general_doubt(self) -> str:
        if not self._selectors.complete:
            return _TOO_MANY
        for stage in sorted(self.doubts):
            place = self._wiring.resolved.places[stage]
            if "onbuild" in place.reference:
                # triggers of an image are in the image; such images are made to read other stages
                return f"the ONBUILD triggers of `{place.base}` could read it"
        return ""

    def _spread(self, starts: list[tuple[int, str]]) -> None:
        waiting = starts[::-1]
        while waiting:
            stage, doubt = waiting.pop()
            if stage not in self.doubts:
                self.doubts[stage] = doubt
                waiting.extend((read, doubt or own) for read, own in self.inputs(stage))

    def inputs(self, stage: int) -> Iterator[tuple[int, str]]:
        """Everything that ``stage`` could read, and the doubt that this adds."""
        for read in sorted(self._wiring.own_reads(stage)):
            yield read, ""
        base = self._wiring.base(stage)
        if stage not in self._selectors.words:
            yield from self._with_triggers(() if base is None else (base,), "")
            return
        head = self._wiring.resolved.file.stages[stage].head
        chosen = [selection.source for selection in self._selectors.choices.get(stage, ())]
        doubt = f"`FROM {head.base}` in line {head.span.line} could be from it"
        yield from self._with_triggers([*chosen, *([] if base is None else [base])], doubt)

    def _with_triggers(self, bases: Iterable[int], doubt: str) -> Iterator[tuple[int, str]]:
        for base in bases:
            yield base, doubt
            for read in sorted(self._wiring.trigger_reads(base)):
                yield read, doubt
