"""What a function of the expression language takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from stagegraph.bake.values import Value


class Function(NamedTuple):
    """``call`` and how many arguments it takes; ``nulls`` if they may be null."""

    call: Callable[..., Value]
    fewest: int
    most: int | None
    nulls: bool = False
