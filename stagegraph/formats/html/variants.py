"""The other drawings of a graph, for the switches of its page: pruned, with steps, turned, opened."""

from __future__ import annotations

import re
import zlib
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from itertools import chain, combinations, product
from typing import Any, NamedTuple

from msgspec.structs import replace

from stagegraph.formats.html.drawing import Change, Drawing, drawing, pictures_of
from stagegraph.model import NodeKind, Report
from stagegraph.picture.detail import FEWEST_TARGETS, at_detail, parts_of
from stagegraph.picture.legibility import draws_everything
from stagegraph.picture.view import Picture, View

DETAILS = ("default", "needed", "all")
_LABELS = ("plain", "labels")
_STEPS = ("stages", "steps")
_TURNED = {"TB": "LR", "LR": "TB", "BT": "RL", "RL": "BT"}
# Of all other drawings in a page together. A node or an edge costs about 0.5 ms: writing the page of a large
# Dockerfile must take at most 2.5 times as long as its SVG.
_MOST_PARTS = 400  # nodes, edges and steps of the report
_MOST_OPENED_PARTS = 1_200  # the same of the drawings with other bake targets opened
_ALL_SETS = 4  # bake targets; so few are opened in every combination
_CLOSED, _OPENED = "targets", "stages"
_OPENED_NAME = re.compile(rf"{_CLOSED}|{_OPENED}|\d{{1,4}}(-\d{{1,4}})*")
_MOST_LETTERS = 2_800_000  # about 600 kB packed; packed they differ between versions of zlib
_PACKED, _PACK = rb'"packed":\[[^\]]*\]', rb'"([A-Za-z0-9+/=]+)"'


class Variant(NamedTuple):
    """One position of the switches."""

    detail: str  # one of DETAILS
    labels: bool
    steps: bool
    direction: str  # not auto
    opened: str = ""  # of a bake file: targets, stages, or the numbers of the opened parts as in 0-2-5

    @property
    def name(self) -> str:
        """The name in the page, such as ``needed.labels.steps.TB`` or ``default.plain.stages.LR.0-2``."""
        words = (self.detail, _LABELS[self.labels], _STEPS[self.steps], self.direction, self.opened)
        return ".".join(filter(None, words))

    def of(self, view: View, report: Report) -> View:
        """``view`` with the switches in this position, for a page of ``report``."""
        # all stages of many targets are drawn only where the reader asks for them: then nothing is folded
        whole = self.opened == _OPENED and len(report.bake_targets) >= FEWEST_TARGETS
        return replace(
            view,
            prune=self.detail == "needed",
            all=self.detail == "all" or (self.detail == "needed" and view.prune and view.all) or whole,
            labels=self.labels,
            steps=self.steps,
            direction=self.direction,
            **self._targets(view, report),
        )

    def _targets(self, view: View, report: Report) -> dict[str, Any]:
        """``detail`` and ``opened``; IndexError for a part that ``report`` does not have."""
        if not self.opened:
            return {"detail": view.detail, "opened": view.opened}
        parts = parts_of(report)
        if self.opened == _OPENED:
            return {"detail": "targets", "opened": parts}
        numbers = [] if self.opened == _CLOSED else self.opened.split("-")
        return {"detail": "targets", "opened": tuple(parts[int(number)] for number in numbers)}


def variant_of(view: View, shown: Drawing, report: Report) -> Variant:
    """The position of the switches that draws ``shown``, the drawing of ``report`` for ``view``."""
    detail = "needed" if view.prune else "all" if view.all else "default"
    return Variant(detail, view.labels, view.steps, shown.direction, _opened(shown, report))


def _opened(shown: Drawing, report: Report) -> str:
    if not report.bake_targets:
        return ""
    closed = any(box.kind is NodeKind.BAKE_TARGET for box in shown.picture.boxes)
    return _CLOSED if closed else _OPENED


def variant_named(name: str) -> Variant | None:
    """The variant with this name; None if there is none."""
    first, opened = name, ""
    if name.count(".") == 4:
        first, _, opened = name.rpartition(".")
        if not _OPENED_NAME.fullmatch(opened):
            return None
    found = next((each for each in _all(("TB", "LR", "BT", "RL")) if each.name == first), None)
    return found and found._replace(opened=opened)


def other_drawings(report: Report, view: View, shown: Drawing, change: Change = None) -> dict[str, Any]:
    """The drawings besides ``shown``, as far as they have room in a page: fewest changed switches first.

    ``names`` has the number of the drawing of each variant, ``packed`` the drawings by number: JSON,
    deflated, in Base64; ``shown``, which the page has already, is number 0 and empty.
    """
    base = variant_of(view, shown, report)
    names, packs = {base.name: 0}, _Packs(shown, view)
    opening = list(_with_others_open(base, len(parts_of(report))))
    near = _is_too_much(report, [each.of(view, report) for each in opening])
    for variants, room in ((opening, _MOST_OPENED_PARTS), (_by_distance(base), _MOST_PARTS)):
        for variant in variants:
            other = variant.of(view, report)
            other = replace(other, near=near and bool(other.opened))
            cost = _cost(at_detail(report, other), other)
            if cost > _MOST_PARTS:
                continue
            number = packs.number_of(next(pictures_of(report, other, change)), other)
            if number is None and cost <= room:
                room -= cost
                number = packs.add(drawing(report, other, change), other)
            if number is not None:
                names[variant.name] = number
    return {**_about(base, report), "names": names, "packed": packs.packed}


def _is_too_much(report: Report, opening: Sequence[View]) -> bool:
    """Whether only some of many bake targets could be opened, if the others were drawn around them."""
    alone = [view for view in opening if len(view.opened) == 1]
    costs = (_cost(at_detail(report, view), view) for view in alone)
    return len(alone) > _ALL_SETS and sum(costs) > _MOST_OPENED_PARTS


def _about(base: Variant, report: Report) -> dict[str, Any]:
    """The variant that is shown, and what the switches choose from."""
    keys = [f"node:part:{part}" for part in parts_of(report)] if report.bake_targets else []
    return {"shown": base.name, "details": DETAILS, "parts": keys}


class _Packs:
    """The packed drawings of a page, each once, by number."""

    def __init__(self, shown: Drawing, view: View) -> None:
        self.packed = [""]
        self._numbers = {shown.text: 0}
        self._pictures: dict[tuple[Picture, bool], int] = {}
        self._remember(shown, view, 0)

    def number_of(self, first: Picture, view: View) -> int | None:
        """The number of the drawing of ``view`` if its ``first`` picture is drawn already, else None."""
        return self._pictures.get((first, draws_everything(view)))

    def add(self, made: Drawing, view: View) -> int | None:
        """The number of the drawing ``made`` of ``view``, or None if there is no room for it."""
        number = self._numbers.get(made.text)
        if number is None:
            if sum(map(len, self._numbers)) + len(made.text) > _MOST_LETTERS:
                return None
            number = self._numbers[made.text] = len(self.packed)
            self.packed.append(b64encode(zlib.compress(made.text.encode(), 9)).decode())
        self._remember(made, view, number)
        return number

    def _remember(self, made: Drawing, view: View, number: int) -> None:
        """A picture that fits is drawn alike where everything is asked for, but not the other way round."""
        self._pictures.setdefault((made.picture, True), number)
        if not draws_everything(view):
            self._pictures.setdefault((made.picture, False), number)


def served_drawings(report: Report, view: View, shown: Drawing) -> dict[str, Any]:
    """The data of a page that asks its server for other drawings."""
    return {**_about(variant_of(view, shown, report), report), "served": True}


def without_packing(page: bytes) -> bytes:
    """``page`` with the SHA-256 of each drawing in place of its packed bytes.

    Each version of zlib packs the same drawing into other bytes. What is not a drawing stays as it is.
    """
    return re.sub(_PACKED, lambda found: re.sub(_PACK, _digest, found[0]), page)


def _digest(found: re.Match[bytes]) -> bytes:
    """The digest of what is packed; the packed bytes if they are damaged or hold more than a page may."""
    from hashlib import sha256

    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(b64decode(found[1], validate=True), 4 * _MOST_LETTERS)
    except (ValueError, zlib.error):
        return found[0]
    whole = unpacker.eof and not unpacker.unused_data
    return b'"%s"' % sha256(text).hexdigest().encode() if whole else found[0]


def drawing_named(report: Report, view: View, name: str) -> str | None:
    """The drawing with the name that a page asks for, as JSON; None for an unknown name."""
    variant = variant_named(name)
    if variant is None or bool(variant.opened) != bool(report.bake_targets):
        return None
    try:
        other = variant.of(view, report)
    except IndexError:
        return None
    return drawing(report, other).text


def _all(directions: tuple[str, ...]) -> Iterator[Variant]:
    for detail, labels, steps, direction in product(DETAILS, (True, False), (False, True), directions):
        yield Variant(detail, labels, steps, direction)


def _with_others_open(base: Variant, parts: int) -> Iterator[Variant]:
    """The variants with other bake targets opened: none, all, each alone; few in every combination."""
    if not base.opened:
        return
    some: Iterator[Sequence[int]] = iter([[number] for number in range(parts)])
    if parts <= _ALL_SETS:
        some = chain.from_iterable(combinations(range(parts), count) for count in range(1, parts))
    for opened in (_CLOSED, _OPENED, *("-".join(map(str, numbers)) for numbers in some)):
        if opened != base.opened:
            yield base._replace(opened=opened)


def _by_distance(base: Variant) -> list[Variant]:
    """The other variants, those that differ in the fewest switches first.

    Of these the one with everything comes first, since a box that stands for several nodes opens by it.
    """
    turned = _all((base.direction, _TURNED[base.direction]))
    others = [each for each in (one._replace(opened=base.opened) for one in turned) if each != base]

    def distance(each: Variant) -> tuple[int, bool]:
        return sum(a != b for a, b in zip(each, base, strict=True)), each.detail != "all"

    return sorted(others, key=distance)


def _cost(report: Report, view: View) -> int:
    """The nodes, edges and steps that the fullest picture of ``view`` may have."""
    nodes = [node for node in report.nodes if node.needed or not view.prune]
    edges = sum(edge.needed or not view.prune for edge in report.edges)
    return len(nodes) + edges + (2 * sum(node.steps for node in nodes) if view.steps else 0)
