"""What a rule finds, and what it is given to look at."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator

from msgspec import Struct

from stagegraph.check.comments import Extent
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.instructions import Instruction
from stagegraph.dockerfile.stages import Resolved, StageOrImage
from stagegraph.model import Finding, Reach, Severity
from stagegraph.options import Options
from stagegraph.reach.reachability import Reached
from stagegraph.source import Span, quoted


class Problem(Struct, frozen=True, kw_only=True):
    """A Finding with its exact place; ``stage`` is the number of the stage that it is about."""

    code: str
    severity: Severity
    span: Span
    message: str
    why: str = ""
    fix: str = ""
    stage: int | None = None

    @property
    def finding(self) -> Finding:
        """The same as a Report has it."""
        return Finding(
            code=self.code,
            severity=self.severity,
            line=self.span.line,
            end_line=self.span.end_line,
            message=self.message,
            why=self.why,
            fix=self.fix,
        )


class Subject(Struct, frozen=True, kw_only=True):
    """A Dockerfile with all that a rule may look at.

    ``questions`` are the builds that are known of, as they were asked; ``resolved`` is the first of
    them that BuildKit accepts, with placeholders where it accepts none as it is. ``targets_known``
    says that no other target is built, ``arguments_known`` that no other build arguments are given.
    """

    file: Dockerfile
    resolved: Resolved
    reached: tuple[Reached, ...]
    extents: tuple[Extent, ...]
    questions: tuple[Options, ...]
    targets_known: bool = False
    arguments_known: bool = False
    builds: tuple[str, ...] = ()  # where the builds that are known of stand: "docker-bake.hcl:3"
    mentioned: Container[str] = ()  # what something calls a target, though it is no build that is known

    @property
    def stages(self) -> list[StageOrImage]:
        """The places that are stages, by number."""
        return self.resolved.sources[: len(self.file.stages)]

    def title(self, index: int) -> str:
        """What messages call a stage: its name, or what BuildKit calls it, quoted."""
        return quoted(self.resolved.sources[index].title)

    def is_needed(self, index: int) -> bool:
        """Whether a build that is known of builds the stage."""
        return self.reached[index].reach is Reach.NEEDED

    def pointing_at(self, item: Instruction, word: str) -> Span:
        """The place of ``item``, at ``word`` where that stands in it."""
        from stagegraph.dockerfile.file import pointing_at

        return pointing_at(self.file.source, item.span, word)


Check = Callable[[Subject], Iterator[Problem]]


class Rule(Struct, frozen=True, kw_only=True):
    """One rule: its code, the worst that it says, one line about it, and how it is checked."""

    code: str
    severity: Severity
    summary: str
    check: Check
