"""A Dockerfile resolved for one target on one platform, with the actions of its instructions."""

from __future__ import annotations

from functools import cached_property

from msgspec import Struct

from stagegraph.dockerfile.actions import StageActions
from stagegraph.dockerfile.evaluate import evaluate
from stagegraph.dockerfile.stages import Resolved


class TargetBuild(Struct, frozen=True, kw_only=True, dict=True):
    """The build of one target on one platform; ``several`` when it is one of several platforms."""

    resolved: Resolved
    several: bool

    @cached_property
    def actions(self) -> tuple[StageActions, ...]:
        """What the instructions do, in the order of ``resolved.sources``; evaluated on first use."""
        return evaluate(self.resolved, platform_in_names=self.several)
