"""When a picture can be read where it is shown, and what gives way until it can: order and thresholds.

A picture is measured by its scale: how much it shrinks in a column of a README. ``LADDER`` has the steps from
everything to little; a picture is drawn by the first step at which it can be read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

if TYPE_CHECKING:
    from stagegraph.picture.view import Picture, View

COLUMN, TALLEST = 850.0, 1200.0  # pixels: the column of a README on GitHub, and one page of it
SMALLEST_SCALE = 0.6  # letters of 10.5 px are then shown as 6.3 px
HOPELESS = 0.36  # estimated scale; a picture below it is not even laid out
FEWEST_ALIKE = 4  # siblings; so many are one box in a picture of any size
FEWEST_IN_ROW = 3  # stages of a chain that are drawn as one
MANY_READERS, LIST_READ = (
    4,
    12,
)  # stages that read a source, nodes; above both, the source is listed in these stages
LIST_BASES = 24  # nodes; above it an image that is only one stage's base is listed in that stage
MOST_NAMED = 6  # names in a note; the description of the picture has all
REST_COUNTS = (240, 120, 60, 40, 20, 12, 6, 3)  # boxes that are kept when nothing else helps


class Detail(Struct, frozen=True, kw_only=True):
    """What a picture shows of a report."""

    alike: bool = True  # siblings that differ only in their names are one box
    unneeded: bool = True  # what the targets do not need is drawn
    choices: bool = True  # each stage that another argument or platform chooses is drawn
    targets: bool = True  # each target of a bake file is drawn, and not siblings of them as one box
    labels: str = "all"  # or "once": those that repeat are shared; "ships": of what ships; "none"
    chains: bool = False  # a chain of stages that only pass on is one box
    readers: bool = False  # siblings with the same readers and the same role are one box
    tributaries: bool = False  # stages that only one stage needs are in its box
    sources: bool = True  # images, contexts and downloads are drawn, and not only those that ship


EVERYTHING = Detail(alike=False)  # for --all and --steps
FIRST = Detail()


def _ladder() -> tuple[Detail, ...]:
    """Each step gives up one thing more than the step before."""
    steps = [FIRST]
    for change in (
        {"unneeded": False},
        {"choices": False},
        {"labels": "once"},
        {"targets": False},
        {"chains": True},
        {"readers": True},
        {"labels": "ships"},
        {"tributaries": True},
        {"sources": False},
        {"labels": "none"},
    ):
        steps.append(replace(steps[-1], **change))
    return tuple(steps)


LADDER = _ladder()


def first_detail(view: View) -> Detail:
    """The detail of the fullest picture of ``view``."""
    return EVERYTHING if draws_everything(view) else FIRST


def draws_everything(view: View) -> bool:
    """Whether ``view`` asks for all that is there, whatever the size of the picture."""
    return view.all or view.steps


def scale(width: float, height: float) -> float:
    """How much a picture of this size in pixels is shrunk where it is shown; at most 1."""
    return min(COLUMN / max(width, 1.0), TALLEST / max(height, 1.0), 1.0)


def is_legible(width: float, height: float) -> bool:
    """Whether a picture of this size in pixels can be read where it is shown."""
    return scale(width, height) >= SMALLEST_SCALE


def first_fitting(pictures: Iterable[Picture], fits: Callable[[Picture], bool]) -> Picture:
    """The first of ``pictures``, full to folded, that ``fits``, or the last; ValueError if there is none."""
    last = None
    for last in pictures:
        if fits(last):
            break
    if last is None:
        raise ValueError("there are no pictures")
    return last
