"""A layout: where the boxes, arrows and frames of a picture are."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

Point = tuple[float, float]


class Rectangle(Struct, frozen=True, kw_only=True):
    """A rectangle by its centre and size, in pixels."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """The x of its left side."""
        return self.x - self.width / 2

    @property
    def top(self) -> float:
        """The y of its upper side."""
        return self.y - self.height / 2


class Route(Struct, frozen=True, kw_only=True):
    """The line of an arrow: Bézier curves (a point, then three for each piece) and the tip of its head."""

    curves: tuple[tuple[Point, ...], ...]
    tip: Point | None
    label: Rectangle | None


class Layout(Struct, frozen=True, kw_only=True):
    """Where the boxes, arrows and frames of a picture are, in its order; in pixels, y runs downwards."""

    width: float
    height: float
    boxes: tuple[Rectangle, ...]
    routes: tuple[Route, ...]
    frames: tuple[Rectangle, ...]
    bands: tuple[Rectangle, ...]  # the titles of the frames


def mirrored(layout: Layout, direction: str) -> Layout:
    """The mirror image of ``layout``, which still runs in ``direction``."""
    across = direction in ("LR", "RL")

    def point(at: Point) -> Point:
        return (at[0], layout.height - at[1]) if across else (layout.width - at[0], at[1])

    def rectangle(old: Rectangle) -> Rectangle:
        x, y = point((old.x, old.y))
        return replace(old, x=x, y=y)

    routes = (
        Route(
            curves=tuple(tuple(map(point, curve)) for curve in route.curves),
            tip=point(route.tip) if route.tip else None,
            label=rectangle(route.label) if route.label else None,
        )
        for route in layout.routes
    )
    return replace(
        layout,
        boxes=tuple(map(rectangle, layout.boxes)),
        routes=tuple(routes),
        frames=tuple(map(rectangle, layout.frames)),
        bands=tuple(map(rectangle, layout.bands)),
    )
