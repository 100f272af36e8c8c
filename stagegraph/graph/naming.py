"""What the nodes of one Dockerfile are called in a request that builds several Dockerfiles."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from stagegraph.model import NodeKind, stage_id
from stagegraph.source import printable

LINK = "target:"  # how the value of a named context begins that is the result of another bake target
_STAGE = f"{NodeKind.STAGE}:"
_NOTHING: Mapping[str, str] = MappingProxyType({})


class Naming(Struct, frozen=True, kw_only=True):
    """The names of one Dockerfile in a request; by default those that it has alone.

    ``part`` is in the ids and labels of its stages: ``api/stage:0``, ``api:builder``. ``first_stage`` is
    the position of its first stage among all stages of the request. ``context`` tells its build context
    from others. ``sources`` has the ids of its contexts in the request, by the ids that they have alone;
    ``labels`` has labels that are others than alone, by the ids in the request. With ``prefixes``, names of
    steps begin with the bake target, as in the output for several (docker/buildx util/progress).
    """

    part: str = ""
    first_stage: int = 0
    context: str = ""
    sources: Mapping[str, str] = _NOTHING
    labels: Mapping[str, str] = _NOTHING
    prefixes: bool = False

    def node_id(self, own: str) -> str:
        """The id in the request of the node that is called ``own`` in its Dockerfile alone."""
        if own.startswith(_STAGE):
            return f"{self.part}/{own}" if self.part else own
        return self.sources.get(own, own)

    def stage(self, index: int) -> str:
        """The id in the request of the stage at ``index``."""
        return self.node_id(stage_id(index))

    def given(self, index: int) -> str:
        """The label that the unnamed stage at ``index`` has only in the request; empty if it has none."""
        return self.labels.get(self.stage(index), "")

    def label(self, own: str, label: str) -> str:
        """The label in the request of the node that is called ``own`` and has ``label`` alone."""
        is_inside = self.part and own.startswith(_STAGE)
        return printable(self.labels.get(self.node_id(own), f"{self.part}:{label}" if is_inside else label))

    def step(self, name: str, target: str) -> str:
        """The name of a step of the bake target ``target`` that is called ``name`` alone."""
        if not (self.prefixes and name and target):
            return name
        return f"[{target} {name[1:]}" if name.startswith("[") else f"[{target}] {name}"


ALONE = Naming()
