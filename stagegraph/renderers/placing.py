"""Where everything of a picture goes: a Graphviz lays out empty boxes of known size."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stagegraph.errors import RenderError
from stagegraph.renderers.layout import laid_out
from stagegraph.renderers.layout_dot import POINTS, layout_dot
from stagegraph.renderers.view import Arrow, Picture

Point = tuple[float, float]
_Named = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A rectangle: its centre and its size."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Its left side."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """Its upper side."""
        return self.y - self.height / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way of an arrow: Bézier curves (a point, then three for each piece) and the tip of its head."""

    curves: tuple[tuple[Point, ...], ...]
    tip: Point | None
    label: Spot | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """The places of the boxes, arrows and frames of a picture, in its order; y runs downwards."""

    width: float
    height: float
    boxes: tuple[Spot, ...]
    ways: tuple[Way, ...]
    frames: tuple[Spot, ...]


def placed(drawn: Picture, engine: str) -> Placed:
    """Lay ``drawn`` out with a Graphviz; RenderError when that fails."""
    output = laid_out(layout_dot(drawn), "json0", engine)
    try:
        return _Reader(json.loads(output)).placed(drawn)
    except (ValueError, KeyError, IndexError, TypeError) as error:
        raise RenderError(
            f"Graphviz gives a layout that cannot be read: {error}", hint="try another --engine"
        ) from None


class _Reader:
    """Reads the JSON that Graphviz writes; its y runs upwards."""

    def __init__(self, found: Mapping[str, Any]) -> None:
        _, _, self._width, self._height = _numbers(found["bb"])
        self._objects: _Named = {each["name"]: each for each in found.get("objects", ())}
        self._edges: _Named = {each["id"]: each for each in found.get("edges", ())}

    def placed(self, drawn: Picture) -> Placed:
        """All places of ``drawn``."""
        return Placed(
            width=self._width,
            height=self._height,
            boxes=tuple(self._spot(f"n{number}") for number in range(len(drawn.boxes))),
            ways=tuple(self._way(number, arrow) for number, arrow in enumerate(drawn.arrows)),
            frames=tuple(self._frame(f"cluster{number}") for number in range(len(drawn.groups))),
        )

    def _spot(self, name: str) -> Spot:
        node = self._objects[name]
        x, y = self._point(node["pos"])
        return Spot(x=x, y=y, width=float(node["width"]) * POINTS, height=float(node["height"]) * POINTS)

    def _frame(self, name: str) -> Spot:
        left, bottom, right, top = _numbers(self._objects[name]["bb"])
        middle = self._height - (bottom + top) / 2
        return Spot(x=(left + right) / 2, y=middle, width=right - left, height=top - bottom)

    def _way(self, number: int, arrow: Arrow) -> Way:
        head = self._edges[f"h{number}"]
        tip = None
        curves = []
        for part in (self._edges.get(f"t{number}"), head):
            for text in part["pos"].split(";") if part else ():
                end, points = self._curve(text)
                curves.append(points)
                tip = end if part is head else tip
        label = self._spot(f"l{number}") if arrow.label else None
        return Way(curves=tuple(curves), tip=tip, label=label)

    def _curve(self, text: str) -> tuple[Point | None, tuple[Point, ...]]:
        end, points = None, []
        for word in text.split():
            if word.startswith("e,"):
                end = self._point(word[2:])
            elif not word.startswith("s,"):
                points.append(self._point(word))
        return end, tuple(points)

    def _point(self, text: str) -> Point:
        x, y = _numbers(text)
        return x, self._height - y


def _numbers(text: str) -> list[float]:
    return [float(part) for part in text.split(",")]
