"""The other drawings of a graph, for the switches of its page: pruned, complete, with steps, turned."""

from __future__ import annotations

import zlib
from base64 import b64encode
from collections.abc import Callable, Iterator
from itertools import product
from typing import Any, NamedTuple

from msgspec.structs import replace

from stagegraph.formats.html.drawing import Drawing, drawing
from stagegraph.model import Report
from stagegraph.picture.legibility import first_detail
from stagegraph.picture.picture import picture
from stagegraph.picture.view import Picture, View

DETAILS = ("default", "needed", "all")
_LABELS = ("plain", "labels")
_STEPS = ("stages", "steps")
_TURNED = {"TB": "LR", "LR": "TB", "BT": "RL", "RL": "BT"}
# Of all other drawings in a page together. A box or an arrow costs about 0.3 ms.
_MOST_PARTS = 2_500  # boxes and arrows
_MOST_BYTES = 600_000  # packed
Change = Callable[[Picture], Picture] | None


class Variant(NamedTuple):
    """One position of the switches."""

    detail: str  # one of DETAILS
    labels: bool
    steps: bool
    direction: str  # not auto

    @property
    def name(self) -> str:
        """The name in the page, such as ``needed.labels.steps.TB``."""
        return ".".join((self.detail, _LABELS[self.labels], _STEPS[self.steps], self.direction))

    def of(self, view: View) -> View:
        """``view`` with the switches in this position."""
        return replace(
            view,
            prune=self.detail == "needed",
            all=self.detail == "all" or (self.detail == "needed" and view.prune and view.all),
            labels=self.labels,
            steps=self.steps,
            direction=self.direction,
        )


def variant_of(view: View, direction: str) -> Variant:
    """The position of the switches that draws ``view``; ``direction`` is the one that is drawn."""
    detail = "needed" if view.prune else "all" if view.all else "default"
    return Variant(detail, view.labels, view.steps, direction)


def variant_named(name: str) -> Variant | None:
    """The variant with this name; None if there is none."""
    return next((each for each in _all(("TB", "LR", "BT", "RL")) if each.name == name), None)


def other_drawings(report: Report, view: View, shown: Drawing, change: Change = None) -> dict[str, Any]:
    """The drawings besides ``shown``, as far as they have room in a page: fewest changed switches first.

    ``names`` has the number of the drawing of each variant, ``packed`` the drawings by number: JSON,
    deflated, in Base64; ``shown``, which the page has already, is number 0 and empty.
    """
    base = variant_of(view, shown.direction)
    numbers, packed = {shown.text: 0}, [""]
    names = {base.name: 0}
    parts, size = _MOST_PARTS, _MOST_BYTES
    for variant in _by_distance(base):
        other = variant.of(view)
        cost = _cost(report, other)
        if cost > parts:
            continue
        text = drawing(report, other, change).text
        if text not in numbers:
            parts -= cost
            inflated = b64encode(zlib.compress(text.encode(), 9)).decode()
            if len(inflated) > size:
                continue
            size -= len(inflated)
            numbers[text] = len(packed)
            packed.append(inflated)
        names[variant.name] = numbers[text]
    return {"shown": base.name, "details": DETAILS, "names": names, "packed": packed}


def served_drawings(view: View, shown: Drawing) -> dict[str, Any]:
    """The data of a page that asks its server for other drawings."""
    return {"shown": variant_of(view, shown.direction).name, "details": DETAILS, "served": True}


def drawing_named(report: Report, view: View, name: str) -> str | None:
    """The drawing with the name that a page asks for, as JSON; None for an unknown name."""
    variant = variant_named(name)
    return drawing(report, variant.of(view)).text if variant else None


def _all(directions: tuple[str, ...]) -> Iterator[Variant]:
    for detail, labels, steps, direction in product(DETAILS, (True, False), (False, True), directions):
        yield Variant(detail, labels, steps, direction)


def _by_distance(base: Variant) -> list[Variant]:
    """The other variants, those that differ in the fewest switches first."""
    others = [each for each in _all((base.direction, _TURNED[base.direction])) if each != base]
    return sorted(others, key=lambda each: sum(a != b for a, b in zip(each, base, strict=True)))


def _cost(report: Report, view: View) -> int:
    """The boxes and arrows of the fullest picture of ``view``."""
    fullest = picture(report, view, first_detail(view))
    return len(fullest.boxes) + len(fullest.arrows)
