"""The findings of a build that is drawn: what would fail, and which stages nothing can reach."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stagegraph.build import Build, Variant
from stagegraph.dockerfile.actions import Fault
from stagegraph.dockerfile.instructions import Copy
from stagegraph.model import Finding, Node, NodeKind, Reach, Severity


def findings(build: Build, nodes: Sequence[Node]) -> tuple[Finding, ...]:
    """The findings in order of their lines, each once."""
    found = [finding for variant in build.variants for finding in _of_variant(variant)]
    found.extend(_dead(build, nodes))
    once = dict.fromkeys(found)
    return tuple(sorted(once, key=lambda finding: (finding.line, finding.code, finding.message)))


def _of_variant(variant: Variant) -> Iterator[Finding]:
    resolved = variant.resolved
    for place, actions in zip(resolved.places, variant.actions, strict=True):
        severity = Severity.ERROR if place.index in resolved.needed else Severity.WARNING
        for fault in actions.faults:
            yield _fault(fault, severity)
    yield from _numbers(variant)


def _fault(fault: Fault, severity: Severity) -> Finding:
    return Finding(
        code=fault.code,
        severity=severity,
        line=fault.span.line,
        end_line=fault.span.end_line,
        message=fault.message,
        why=fault.why or "BuildKit refuses it when it builds this stage",
        fix=fault.fix,
    )


def _numbers(variant: Variant) -> Iterator[Finding]:
    """Numbers past the last stage that reach an image by a quirk of BuildKit."""
    count = len(variant.resolved.file.stages)
    for place in variant.resolved.places[:count]:
        for command in place.commands:
            item = command.instruction
            if isinstance(item, Copy) and command.sources and command.sources[0] >= count:
                source = variant.resolved.places[command.sources[0]]
                if source.base != item.source_stage:
                    yield Finding(
                        code="number-is-image",
                        severity=Severity.WARNING,
                        line=item.span.line,
                        end_line=item.span.end_line,
                        message=f"--from={item.source_stage} is past the last stage and reads {source.base}",
                        why="BuildKit counts the images that instructions name behind the stages",
                        fix=f"write --from={source.base}",
                    )


def _dead(build: Build, nodes: Sequence[Node]) -> Iterator[Finding]:
    names = [stage.head.name for stage in build.file.stages]
    for node in nodes:
        if node.kind is not NodeKind.STAGE or node.reach is not Reach.DEAD or node.index is None:
            continue
        name = names[node.index]
        shadowed = bool(name) and name in names[node.index + 1 :]
        later = "a later stage has its name" if shadowed else "it has no name and nothing needed reads it"
        yield Finding(
            code="shadowed-stage" if shadowed else "dead-stage",
            severity=Severity.WARNING,
            line=node.line or 1,
            end_line=node.end_line or 1,
            message=f"nothing can ever build {node.label}",
            why=later,
            fix="rename it" if shadowed else "remove it, or name it to build it as a target",
        )
