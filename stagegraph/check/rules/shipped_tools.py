"""A build stage that the final stage inherits from, so that its tools are in the image.

Said only where the file itself shows it: the stage is called a build stage and installs a compiler
or a build system by name, nothing takes that away again, and the final stage, which says what its
image runs, does not run that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagegraph.check.rule import Problem, Rule, Subject
from stagegraph.dockerfile.instructions import Instruction, Run, Setting
from stagegraph.model import Severity

_BUILD_NAME = re.compile(r"(?:\A|[-_.])(?:build|builder|compile|compiler|toolchain)(?:\Z|[-_.])")
_NOT_SHIPPED = re.compile(
    r"(?:\A|[-_.])(?:dev|devel|development|devcontainer|test|tests|testing|debug|ci|lint|check|base|sdk"
    r"|build|builder|compile|compiler|toolchain|tools|docs|bench)(?:\Z|[-_.])"
)
_INSTALLS = re.compile(
    r"\b(?:apt-get|apt|apk|yum|dnf|microdnf|zypper|pacman)\b[^;&|]*?\b(?:install|add|-S\w*)\b([^;&|]*)"
)
_REMOVES = re.compile(r"\b(?:purge|autoremove|remove|apk\s+(?:\S+\s+)*del|erase|-R\w*)\b")
_BUILDS = re.compile(r"\b(?:make|cmake|ninja|cargo|gcc|g\+\+|clang|go|mvn|gradle|tests?|pytest|bash|sh)\b")
_TOOLS = """
autoconf automake bison build-base build-essential cargo clang cmake flex g++ gcc gcc-c++ gfortran
golang golang-go libtool llvm make maven meson musl-dev nasm ninja-build openjdk-17-jdk openjdk-21-jdk
rust rustc rustup yasm
"""
_TOOL_NAMES = frozenset(_TOOLS.split())


def _shipped(subject: Subject) -> Iterator[Problem]:
    for target in _targets(subject):
        if not _NOT_SHIPPED.search(subject.stages[target].name) and _runs_something_else(subject, target):
            yield from _inherited(subject, target)


def _runs_something_else(subject: Subject, target: int) -> bool:
    """Whether the stage says what its image runs, and that is neither a build nor a test."""
    body = subject.file.stages[target].body
    runs = [item.text for item in body if isinstance(item, Setting) and item.keyword in ("cmd", "entrypoint")]
    return bool(runs) and not any(_BUILDS.search(text) for text in runs)


def _targets(subject: Subject) -> list[int]:
    """The stages that are asked for and that nothing else is made from."""
    asked = {question.target for question in subject.questions}
    found = {
        subject.resolved.by_name.get(target.lower()) if target else len(subject.stages) - 1
        for target in asked
    }
    read = {place.base_index for place in subject.stages}
    return sorted(index for index in found if index is not None and index not in read)


def _inherited(subject: Subject, target: int) -> Iterator[Problem]:
    chain = _chain(subject, target)
    if any(_REMOVES.search(item.text) for index in chain for item in subject.file.stages[index].body):
        return
    for index in chain[1:]:
        tool = _tool(subject, index)
        if tool and _BUILD_NAME.search(subject.stages[index].name):
            yield _problem(subject, target, index, *tool)


def _chain(subject: Subject, stage: int) -> list[int]:
    """``stage``, its base, the base of that, and so on."""
    found = [stage]
    while (base := subject.stages[found[-1]].base_index) is not None:
        found.append(base)
    return found


def _tool(subject: Subject, index: int) -> tuple[Instruction, str] | None:
    """The first instruction of a stage that installs a build tool, and the tool."""
    for item in subject.file.stages[index].body:
        if isinstance(item, Run):
            for packages in _INSTALLS.findall(item.text):
                for word in packages.split():
                    if word in _TOOL_NAMES:
                        return item, word
    return None


def _problem(subject: Subject, target: int, index: int, item: Instruction, tool: str) -> Problem:
    title, builder, name = subject.title(target), subject.title(index), subject.stages[index].name
    return Problem(
        code="shipped-tools",
        severity=Severity.WARNING,
        span=subject.pointing_at(subject.file.stages[target].head, subject.stages[target].base),
        message=f"{title} inherits from {builder}, so `{tool}` ships in its image",
        why=f"line {item.span.line} installs `{tool}` to build with, and FROM takes every layer of a stage",
        fix=f"begin {title} from a plain image and take what it needs with `COPY --from={name}`",
        stage=target,
    )


SHIPPED_TOOLS = Rule(
    code="shipped-tools",
    severity=Severity.WARNING,
    summary="A build stage whose tools ship because the final stage inherits from it.",
    check=_shipped,
)
