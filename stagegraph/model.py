"""The frozen values of a report: nodes, edges, steps, findings, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from functools import cached_property

from msgspec import Struct


class NodeKind(StrEnum):
    """What a node of the stage graph is."""

    STAGE = "stage"
    IMAGE = "image"
    CONTEXT = "context"  # the local build context
    NAMED_CONTEXT = "named-context"  # --build-context NAME=VALUE
    REMOTE = "remote"  # a URL or git reference that ADD fetches, or a bake target that is built there
    BAKE_TARGET = "bake-target"  # only in a picture of bake targets: the whole build of one


BUILT = (NodeKind.STAGE, NodeKind.BAKE_TARGET)  # kinds of nodes that BuildKit builds
CONTEXT_ID = NodeKind.CONTEXT.value  # Node.id of the local build context


def stage_id(index: int) -> str:
    """Node.id of the stage at ``index``, from 0."""
    return f"stage:{index}"


def image_id(reference: str) -> str:
    """Node.id of the image with the full ``reference``."""
    return f"image:{reference}"


def remote_id(address: str) -> str:
    """Node.id of what ADD downloads from ``address``."""
    return f"remote:{address}"


class EdgeKind(StrEnum):
    """By which instruction one node reads another."""

    FROM = "from"
    COPY = "copy"
    MOUNT = "mount"
    ADD = "add"
    TAG = "tag"  # a bake target tags the image that others read: BuildKit does not wait for it


class Role(StrEnum):
    """What a node is to the images of the targets; the first that applies, in this order."""

    TARGET = "target"
    INHERITED = "inherited"  # its layers are in the image, by FROM
    COPIED = "copied"  # only named paths of it are, by COPY --from, COPY or ADD
    MOUNTED = "mounted"  # not in the image: a RUN that makes the image only reads it
    UPSTREAM = "upstream"  # not in the image: another needed stage needs it
    UNNEEDED = "unneeded"  # the targets do not need it, so BuildKit does not build it


class Reach(StrEnum):
    """Whether, and how, a node can come to be built."""

    NEEDED = "needed"  # for the targets asked for
    SELECTABLE = "selectable"  # another build argument or platform makes it needed
    IDLE = "idle"  # naming it, or a stage that needs it, as a target builds it
    UNKNOWN = "unknown"  # a variable in FROM can be anything, so this cannot be decided
    DEAD = "dead"  # no target, build argument or platform ever builds it


class StepKind(StrEnum):
    """The operation of a step, with the names of BuildKit's LLB."""

    SOURCE = "source"
    EXEC = "exec"
    FILE = "file"
    MERGE = "merge"
    RESULT = "result"


class Severity(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # the build would fail
    WARNING = "warning"
    INFO = "info"


class Finding(Struct, frozen=True, kw_only=True):
    """A finding about a Dockerfile, as data.

    ``line`` and ``end_line`` count from 1; ``code`` is stable across releases.
    """

    code: str
    severity: Severity
    line: int
    end_line: int
    message: str
    why: str = ""
    fix: str = ""
    file: str = ""  # the Dockerfile, in a report of several


class Rebuild(Struct, frozen=True, kw_only=True):
    """What a change does to a step or a stage: "runs again", "may run again" or "cached".

    ``line`` is that of the first step with this status; None if it is cached.
    """

    status: str
    line: int | None = None

    @property
    def is_cached(self) -> bool:
        """Whether BuildKit takes all of it from the cache."""
        return self.status == "cached"


class Measured(Struct, frozen=True, kw_only=True):
    """What a build record says about a node or a step: time, cache, error."""

    seconds: float  # during which at least one of its steps ran
    share: float  # of the time of the whole build, 0 to 1
    cached: bool = False  # all of it came from the cache
    error: str = ""  # why it failed


class Node(Struct, frozen=True, kw_only=True):
    """One node of the stage graph, with everything that a format can show.

    ``id`` is unique and stable for the same input (``stage:0``, ``image:docker.io/library/node:16``,
    ``context``, ``named-context:NAME``, ``remote:URL``; in a report of several Dockerfiles ``api/stage:0``
    and ``context:services/api``). ``line`` is None for sources without a
    FROM. Times are in units of step weight: one per step, or seconds from a build record.
    """

    id: str
    kind: NodeKind
    label: str  # the name to show: stage name, "stage-2", "node:16-alpine", "build context"
    role: Role
    reach: Reach
    why: str = ""  # why it is selectable, idle or dead: "on arm64", "with VARIANT=full"
    platform_exists: bool = True  # False if ``why`` names a platform that does not exist
    index: int | None = None  # of a stage, from 0
    line: int | None = None  # of the FROM of a stage
    end_line: int | None = None  # the last line of the stage
    base: str = ""  # of a stage: its base after expansion
    base_text: str = ""  # of a stage: its base as written, if that has a variable
    platform: str = ""  # of a stage: the platform it pins, after expansion
    description: str = ""  # of a stage: its `# NAME text` comment
    steps: int = 0  # number of BuildKit steps that belong to it
    level: int | None = None  # steps in the longest chain before its first step; None if not needed
    finish: float | None = None  # earliest finish of its last step
    slack: float | None = None  # how much later it could finish without a later end of the build
    critical: bool = False  # the critical path passes through it
    measured: Measured | None = None  # None if no record has it
    part: str = ""  # of a stage, in a report of several Dockerfiles: what its id and its label begin with
    dockerfile: str = ""  # of a stage with a part: the path of its Dockerfile
    bake_targets: tuple[str, ...] = ()  # of a stage: the bake targets of its Dockerfile that need it
    rebuild: Rebuild | None = None  # None if no change was asked about
    bytes: int | None = None  # of a target: in its image; else in that image or in BuildKit's cache

    @property
    def needed(self) -> bool:
        """Whether BuildKit builds or pulls it for the targets."""
        return self.reach is Reach.NEEDED


class Edge(Struct, frozen=True, kw_only=True):
    """``target`` reads ``source`` by one instruction: two COPY lines are two edges.

    An edge of the kind ``tag`` leads from the image of a bake target to the image that has its tag.
    """

    source: str  # a Node.id
    target: str  # a Node.id, of a stage; of an image for the kind tag
    kind: EdgeKind
    line: int  # in the Dockerfile of ``target``; for the kind tag, of the bake target in its file
    paths: tuple[str, ...] = ()  # what is copied, added or mounted, as in the source
    destination: str = ""  # as written, after expansion
    lands: str = ""  # the destination from the root; "" if an image sets the directory
    needed: bool = True  # both ends are needed
    critical: bool = False  # the critical path passes along it
    onbuild: bool = False  # from an ONBUILD trigger of the base
    link: bool = False  # COPY --link or ADD --link
    selectable: bool = False  # exists only with another build argument or platform: see ``why``
    why: str = ""  # "on arm64", for a selectable edge
    platform_exists: bool = True  # False if ``why`` names a platform that does not exist
    bytes: int | None = None  # that it brings; None if no image and no cache says it


class Step(Struct, frozen=True, kw_only=True):
    """One thing that BuildKit runs; ``inputs`` are positions of other steps in the same tuple."""

    id: int
    name: str  # as in build output: "[builder 2/5] RUN make"
    kind: StepKind
    line: int | None
    end_line: int | None
    stages: tuple[int, ...]  # positions in Report.nodes of its stages: equal steps of two stages are one
    node: str  # Node.id of its first stage, or of the source that it loads; "" if none
    inputs: tuple[int, ...]
    read_from: tuple[
        tuple[int, str], ...
    ] = ()  # inputs from other nodes, and the Node.id that each is read from
    others: tuple[tuple[str, int | None], ...] = ()  # names and lines of equal steps merged into it
    level: int = 0
    finish: float = 0.0
    slack: float = 0.0
    critical: bool = False
    measured: Measured | None = None
    rebuild: Rebuild | None = None


def nodes_of_step(step: Step, stages: Sequence[str]) -> list[str]:
    """The ids of the nodes that a step belongs to: the source that it loads, or its stages.

    ``stages`` are the ids of all stages, in the order of the nodes of the report.
    """
    if step.kind is StepKind.SOURCE:
        return [step.node]
    return [stages[stage] for stage in step.stages]


class Shipped(Struct, frozen=True, kw_only=True):
    """Something in the image of a target, and where it came from."""

    target: str  # Node.id of the target whose image it is
    platform: str = ""  # of that image, if the images for the platforms differ
    node: str  # Node.id of its source
    kind: str  # "base image", "stage", "path"
    path: str = ""  # in the source; "" for a whole base image or stage
    destination: str = ""  # in the image, or in the first stage of ``via``
    line: int | None = None  # of the instruction that copies it
    via: tuple[str, ...] = ()  # Node.ids between the source and the target, source first
    bytes: int | None = None  # None if no image says it


class LeftBehind(Struct, frozen=True, kw_only=True):
    """A needed node of which nothing, or only some paths, is in the image of a target."""

    target: str  # Node.id of the target
    platform: str = ""  # of its image, if the images for the platforms differ
    node: str
    kept: tuple[str, ...] = ()  # its paths that are in the image
    bytes: int | None = None  # that BuildKit's cache keeps of it; None if unknown


class Parallelism(Struct, frozen=True, kw_only=True):
    """How much of the build can run in parallel, by steps and by stages."""

    max_steps: int  # size of the maximum antichain of needed steps
    max_stages: int  # size of the maximum antichain of needed stages
    widest_steps: tuple[int, ...]  # one maximum antichain, Step.ids
    widest_stages: tuple[str, ...]  # Node.ids
    levels: int  # number of levels of the steps
    total: float  # sum of all step weights
    length: float  # weight of the critical path


class BakeTarget(Struct, frozen=True, kw_only=True):
    """One build that a bake or compose file defines, as bake resolves it."""

    name: str
    node: str  # Node.id of the stage that is its image, or of its remote context
    file: str = ""  # where it is defined
    line: int | None = None
    dockerfile: str = ""  # "" for one that is inside a remote context
    context: str = "."
    platforms: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    linked: bool = False  # not asked for: only built because another target reads it
    unknown: tuple[str, ...] = ()  # attributes that depend on the time, on chance or on the machine


class Report(Struct, frozen=True, kw_only=True, dict=True):
    """Everything that a format reads; made by ``stagegraph.analyse``."""

    source: str  # the name of the Dockerfile, or of the bake or compose file
    targets: tuple[str, ...]  # Node.ids
    platforms: tuple[str, ...]  # the target platforms asked for, "linux/amd64" by default
    nodes: tuple[Node, ...]  # stages by index, those of each Dockerfile together, then sources by id
    edges: tuple[Edge, ...]  # by target, line, source
    steps: tuple[Step, ...]  # inputs first; with the result steps
    critical_path: tuple[int, ...]  # Step.ids in order
    parallelism: Parallelism
    shipped: tuple[Shipped, ...]
    left_behind: tuple[LeftBehind, ...]
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()  # why the graph may differ from what a builder runs
    bake_targets: tuple[BakeTarget, ...] = ()  # of a bake or compose file, by name

    def node(self, node_id: str) -> Node:
        """The node with the id ``node_id``; KeyError if there is none."""
        return self._by_id[node_id]

    def nodes_of(self, step: Step) -> list[str]:
        """The ids of the nodes that ``step`` belongs to: the source that it loads, or its stages."""
        return nodes_of_step(step, self._ids)

    @cached_property
    def _ids(self) -> tuple[str, ...]:
        return tuple(node.id for node in self.nodes)

    @cached_property
    def _by_id(self) -> dict[str, Node]:
        return {node.id: node for node in self.nodes}

    @property
    def max_parallelism(self) -> int:
        """The largest number of steps that can run in parallel."""
        return self.parallelism.max_steps

    @property
    def dead(self) -> tuple[str, ...]:
        """Labels of the stages that no target, build argument or platform ever builds."""
        return tuple(n.label for n in self.nodes if n.kind is NodeKind.STAGE and n.reach is Reach.DEAD)
