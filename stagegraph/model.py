"""The frozen values that pass from the reader to the graph, the analysis and the renderers."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class NodeKind(StrEnum):
    """What a node of the stage graph is."""

    STAGE = "stage"
    IMAGE = "image"
    CONTEXT = "context"  # the local build context
    NAMED_CONTEXT = "named-context"  # --build-context NAME=VALUE
    REMOTE = "remote"  # a URL or git reference that ADD fetches


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


class Role(StrEnum):
    """What a node is to the image of the targets; the first that holds, in this order."""

    TARGET = "target"
    INHERITED = "inherited"  # its layers are in the image, by FROM
    COPIED = "copied"  # only named paths of it are, by COPY --from, COPY or ADD
    MOUNTED = "mounted"  # nothing of it is: a RUN that makes the image only reads it
    UPSTREAM = "upstream"  # nothing of it is: something needed needs it
    UNNEEDED = "unneeded"  # the targets do not need it: BuildKit does not build it


class Reach(StrEnum):
    """Whether, and how, a node can come to be built."""

    NEEDED = "needed"  # for the targets asked for
    SELECTABLE = "selectable"  # another build argument or platform makes it needed
    IDLE = "idle"  # naming it, or a stage that needs it, as a target builds it
    UNKNOWN = "unknown"  # a variable in FROM could be anything, so that nobody can tell
    DEAD = "dead"  # no target, build argument or platform ever builds it


class StepKind(StrEnum):
    """The operation of a step, named as in BuildKit's LLB."""

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
    """Something worth saying about a Dockerfile, as data.

    ``line`` and ``end_line`` count from 1; ``code`` is stable across releases.
    """

    code: str
    severity: Severity
    line: int
    end_line: int
    message: str
    why: str = ""
    fix: str = ""


class Measured(Struct, frozen=True, kw_only=True):
    """What a record of a build measured of a node or a step."""

    seconds: float  # in which at least one of its steps ran
    share: float  # of the time of the whole build, 0 to 1
    cached: bool = False  # all of it came from the cache
    error: str = ""  # why it failed


class Node(Struct, frozen=True, kw_only=True):
    """One node of the stage graph, with all that a renderer may say about it.

    ``id`` is unique and stable for the same input (``stage:0``, ``image:docker.io/library/node:16``,
    ``context``, ``named-context:NAME``, ``remote:URL``). ``line`` is None for sources that no FROM
    starts. Times are in units of step weight: one a step unless a record gives seconds.
    """

    id: str
    kind: NodeKind
    label: str  # the name to show: stage name, "stage-2", "node:16-alpine", "build context"
    role: Role
    reach: Reach
    why: str = ""  # why it is selectable, idle or dead: "with TARGETARCH=arm64"
    index: int | None = None  # of a stage, from 0
    line: int | None = None  # of the FROM of a stage
    end_line: int | None = None  # the last line of the stage
    base: str = ""  # of a stage: its base after expansion
    base_text: str = ""  # of a stage: its base as written, when it holds a variable
    platform: str = ""  # of a stage: the platform it pins, after expansion
    description: str = ""  # of a stage: its `# NAME text` comment
    steps: int = 0  # how many steps of BuildKit's belong to it
    level: int | None = None  # of the longest chain before its first step, from 0; None if not needed
    finish: float | None = None  # earliest finish of its last step
    slack: float | None = None  # how much later it could finish without a later end of the build
    critical: bool = False  # has a step on the critical path
    measured: Measured | None = None  # None without a record, and for what the record has nothing of

    @property
    def needed(self) -> bool:
        """Whether BuildKit builds or fetches it for the targets."""
        return self.reach is Reach.NEEDED


class Edge(Struct, frozen=True, kw_only=True):
    """``target`` reads ``source``: one instruction, so two COPY lines are two edges."""

    source: str  # a Node.id
    target: str  # a Node.id, always of a stage
    kind: EdgeKind
    line: int
    paths: tuple[str, ...] = ()  # what is copied, added or mounted, as in the source
    destination: str = ""  # where it goes, as written after expansion
    lands: str = ""  # the same from the root of the target, "" where an image sets the directory
    needed: bool = True  # both ends are, and this edge is why or would be
    critical: bool = False  # the critical path passes along it
    onbuild: bool = False  # made by an ONBUILD trigger of the base
    link: bool = False  # COPY --link or ADD --link
    selectable: bool = False  # only another build argument or platform makes it: see ``why``
    why: str = ""  # "TARGETARCH=arm64", for a selectable edge


class Step(Struct, frozen=True, kw_only=True):
    """One thing BuildKit runs; ``inputs`` are positions of other steps in the same tuple."""

    id: int
    name: str  # as in build output: "[builder 2/5] RUN make"
    kind: StepKind
    line: int | None
    end_line: int | None
    stages: tuple[int, ...]  # every stage it belongs to: equal steps of two stages are one
    node: str  # the Node.id it is drawn in: of its first stage, or of the source it loads; "" if none
    inputs: tuple[int, ...]
    others: tuple[tuple[str, int | None], ...] = ()  # names and lines of the equal steps merged into it
    level: int = 0
    finish: float = 0.0
    slack: float = 0.0
    critical: bool = False
    measured: Measured | None = None


class Shipped(Struct, frozen=True, kw_only=True):
    """One thing that is in the image of a target, and where it came from."""

    node: str  # Node.id of the image, stage, context or remote it is from
    kind: str  # "base image", "stage", "path"
    path: str = ""  # in the source; "" for a whole base image or stage
    destination: str = ""  # in the image, or in the stage before it that ``via`` begins with
    line: int | None = None  # of the instruction that brings it
    via: tuple[str, ...] = ()  # Node.ids between the source and the target, source first


class LeftBehind(Struct, frozen=True, kw_only=True):
    """A node that the build needs and of which the image holds nothing, or only some paths."""

    node: str
    kept: tuple[str, ...] = ()  # the paths of it that did ship


class Parallelism(Struct, frozen=True, kw_only=True):
    """How much of the build can run at once, over steps and rolled up to stages."""

    max_steps: int  # the largest antichain of needed steps
    max_stages: int  # the largest antichain of needed stages
    widest_steps: tuple[int, ...]  # one such antichain, Step.ids
    widest_stages: tuple[str, ...]  # Node.ids
    levels: int  # how many levels the steps have
    total: float  # sum of all step weights
    length: float  # weight of the critical path


class Report(Struct, frozen=True, kw_only=True):
    """Everything that a renderer may read, and nothing else; made by ``stagegraph.analyse``."""

    source: str  # the name of the Dockerfile
    targets: tuple[str, ...]  # Node.ids
    platforms: tuple[str, ...]  # the target platforms asked for, "linux/amd64" by default
    nodes: tuple[Node, ...]  # stages by index, then sources by id
    edges: tuple[Edge, ...]  # by target, line, source
    steps: tuple[Step, ...]  # inputs before users; the result steps too
    critical_path: tuple[int, ...]  # Step.ids in order
    parallelism: Parallelism
    shipped: tuple[Shipped, ...]
    left_behind: tuple[LeftBehind, ...]
    findings: tuple[Finding, ...]

    def node(self, node_id: str) -> Node:
        """The node called ``node_id``; KeyError if there is none. Linear in the number of nodes."""
        for node in self.nodes:
            if node.id == node_id:
                return node
        raise KeyError(node_id)

    @property
    def max_parallelism(self) -> int:
        """The most steps that can ever run at once."""
        return self.parallelism.max_steps

    @property
    def dead(self) -> tuple[str, ...]:
        """Labels of the stages that no target, build argument or platform ever builds."""
        return tuple(n.label for n in self.nodes if n.kind is NodeKind.STAGE and n.reach is Reach.DEAD)

    def _repr_svg_(self) -> str:
        """The picture, for a notebook."""
        from stagegraph.api import render

        return render(self, "svg").decode()

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        """The picture and, where no picture can be shown, the tree."""
        from stagegraph.api import render

        return {"image/svg+xml": self._repr_svg_(), "text/plain": render(self, "text").decode()}
