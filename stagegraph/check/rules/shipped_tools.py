"""A final stage that inherits from a build stage, so that the build tools are in the image.

Reported only if the name of the stage is that of a build stage, it installs a compiler or a build system
by name, no instruction removes packages, and the CMD or ENTRYPOINT of the final stage runs neither a build
nor a test.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.instructions import Instruction, Run, Setting
from stagegraph.model import Severity

# Patterns for the `re` functions, which compile them on first use.
_BUILD_NAME = r"(?:\A|[-_.])(?:build|builder|compile|compiler|toolchain)(?:\Z|[-_.])"
_NOT_SHIPPED = (
    r"(?:\A|[-_.])(?:dev|devel|development|devcontainer|test|tests|testing|debug|ci|lint|check|base|sdk"
    r"|build|builder|compile|compiler|toolchain|tools|docs|bench)(?:\Z|[-_.])"
)
_INSTALLS = (
    r"\b(?:apt-get|apt|apk|yum|dnf|microdnf|zypper|pacman)\b[^;&|]*?\b(?:install|add|-S\w*)\b([^;&|]*)"
)
_REMOVES = r"\b(?:purge|autoremove|remove|apk\s+(?:\S+\s+)*del|erase|-R\w*)\b"
_BUILDS_OR_TESTS = r"\b(?:make|cmake|ninja|cargo|gcc|g\+\+|clang|go|mvn|gradle|tests?|pytest|bash|sh)\b"
_TOOLS = """
autoconf automake bison build-base build-essential cargo clang cmake flex g++ gcc gcc-c++ gfortran
golang golang-go libtool llvm make maven meson musl-dev nasm ninja-build openjdk-17-jdk openjdk-21-jdk
rust rustc rustup yasm
"""
_TOOL_NAMES = frozenset(_TOOLS.split())


def _shipped(subject: Subject) -> Iterator[Problem]:
    for target in _targets(subject):
        if not re.search(_NOT_SHIPPED, subject.stage(target).name) and _runs_something_else(subject, target):
            yield from _inherited(subject, target)


def _runs_something_else(subject: Subject, target: int) -> bool:
    """Whether the stage has a CMD or ENTRYPOINT that runs neither a build nor a test."""
    body = subject.file.stages[target].body
    runs = [item.text for item in body if isinstance(item, Setting) and item.keyword in ("cmd", "entrypoint")]
    return bool(runs) and not any(re.search(_BUILDS_OR_TESTS, text) for text in runs)


def _targets(subject: Subject) -> list[int]:
    """The targets of the known builds that are not the base of another stage."""
    asked = {question.target for question in subject.questions}
    targets = {
        subject.resolved.by_name.get(target.lower()) if target else len(subject.stages) - 1
        for target in asked
    }
    bases = {stage.base_index for stage in subject.stages}
    return sorted(index for index in targets if index is not None and index not in bases)


def _inherited(subject: Subject, target: int) -> Iterator[Problem]:
    chain = _chain(subject, target)
    if any(re.search(_REMOVES, item.text) for index in chain for item in subject.file.stages[index].body):
        return
    for index in chain[1:]:
        tool = _tool(subject, index)
        if tool and re.search(_BUILD_NAME, subject.stage(index).name):
            yield _problem(subject, target, index, *tool)


def _chain(subject: Subject, stage: int) -> list[int]:
    """``stage``, its base, the base of that, and so on."""
    chain = [stage]
    while (base := subject.stage(chain[-1]).base_index) is not None:
        chain.append(base)
    return chain


def _tool(subject: Subject, index: int) -> tuple[Instruction, str] | None:
    """The first instruction of a stage that installs a build tool, and the name of the tool."""
    for item in subject.file.stages[index].body:
        if isinstance(item, Run):
            for packages in re.findall(_INSTALLS, item.text):
                for word in packages.split():
                    if word in _TOOL_NAMES:
                        return item, word
    return None


def _problem(subject: Subject, target: int, index: int, item: Instruction, tool: str) -> Problem:
    title, builder, name = subject.title(target), subject.title(index), subject.stage(index).name
    return Problem(
        code="shipped-tools",
        severity=Severity.WARNING,
        span=subject.pointing_at(subject.file.stages[target].head, subject.stage(target).base),
        message=f"{title} inherits from {builder}, so `{tool}` is in its image",
        why=f"line {item.span.line} installs `{tool}`, and FROM inherits every layer of its base",
        fix=f"base {title} on an image without build tools and copy the result with `COPY --from={name}`",
        stage=target,
    )


SHIPPED_TOOLS = Rule(
    code="shipped-tools",
    severity=Severity.WARNING,
    summary="A build stage whose tools are in the image because the final stage inherits from it.",
    check=_shipped,
)
