"""Finds an ARG or ENV that differs in each build and is declared above installs that do not use it.

Every RUN below an ARG has its value in its cache key, whether its command uses it or not
(moby/buildkit frontend/dockerfile/dockerfile2llb/convert.go, dispatchRun).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from stagegraph.check.install_order import command_of
from stagegraph.check.package_managers import installs_packages
from stagegraph.dockerfile.instructions import Arg, Env, Instruction, Run

# names whose value is another one in each commit or build
_CHANGING = (
    r"(?:\A|_)(?:GIT_?(?:COMMIT|SHA|REV|REVISION|HASH|DESCRIBE)|COMMIT(?:_?(?:SHA|HASH|ID))?|VCS_REF|REVISION"
    r"|BUILD_?(?:DATE|TIME|TIMESTAMP|NUMBER|ID|VERSION|SHA)|CI_COMMIT_SHA|GITHUB_SHA|SOURCE_COMMIT)\Z"
)


class EarlyArgument(NamedTuple):
    """``name``, which ``item`` declares above ``installs``; ``use`` is the first instruction that uses it."""

    item: Arg | Env
    name: str
    installs: tuple[Run, ...]
    use: Instruction | None


def early_arguments(body: Sequence[Instruction]) -> Iterator[EarlyArgument]:
    """The arguments of a stage that change with each build, above installs that do not use them."""
    for position, item in enumerate(body):
        if not isinstance(item, Arg | Env):
            continue
        for name in _changing(item):
            below = body[position + 1 :]
            use = next((one for one in below if re.search(rf"\b{re.escape(name)}\b", one.text)), None)
            between = below[: below.index(use)] if use else below
            found = [one for one in between if isinstance(one, Run) and installs_packages(command_of(one))]
            if found:
                yield EarlyArgument(item, name, tuple(found), use)


def _changing(item: Arg | Env) -> list[str]:
    """The names with a value that changes: an ENV with a fixed value does not."""
    names = [name for name, value in item.pairs if isinstance(item, Arg) or "$" in (value or "")]
    return [name for name in names if re.search(_CHANGING, name.upper())]
