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
from stagegraph.dockerfile.instructions import Arg, Env, Instruction, Run, Setting

# names whose value is another one in each commit or build
_CHANGING = (
    r"(?:\A|_)(?:GIT_?(?:COMMIT|SHA|REV|REVISION|HASH|DESCRIBE)|COMMIT(?:_?(?:SHA|HASH|ID))?|VCS_REF|REVISION"
    r"|BUILD_?(?:DATE|TIME|TIMESTAMP|NUMBER|ID|VERSION|SHA)|CI_COMMIT_SHA|GITHUB_SHA|SOURCE_COMMIT)\Z"
)
_COMMIT = r"(?!0+\Z)[0-9a-f]{7,64}"  # a version of something else that the file pins


class EarlyArgument(NamedTuple):
    """``name``, which ``item`` declares above ``installs``; ``use`` is the first instruction that uses it.

    A LABEL is not such a use: it makes no step, and is among ``labels`` if it is above the last install.
    """

    item: Arg | Env
    name: str
    installs: tuple[Run, ...]
    labels: tuple[Setting, ...]
    use: Instruction | None


def early_arguments(body: Sequence[Instruction]) -> Iterator[EarlyArgument]:
    """The arguments of a stage that change with each build, above installs that do not use them."""
    for position, item in enumerate(body):
        if not isinstance(item, Arg | Env):
            continue
        for name in _changing(item):
            below = body[position + 1 :]
            users = [one for one in below if re.search(rf"\b{re.escape(name)}\b", one.text)]
            use = next((one for one in users if not _is_label(one)), None)
            between = below[: below.index(use)] if use else below
            found = [one for one in between if isinstance(one, Run) and installs_packages(command_of(one))]
            if found:
                labels = [one for one in between if isinstance(one, Setting) and one in users]
                above = [one for one in labels if one.span.line < found[-1].span.line]
                yield EarlyArgument(item, name, tuple(found), tuple(above), use)


def _is_label(item: Instruction) -> bool:
    return isinstance(item, Setting) and item.keyword == "label"


def _changing(item: Arg | Env) -> list[str]:
    """The names with a value that changes: an ENV with a fixed value does not, nor the id of one commit."""
    names = [
        name
        for name, value in item.pairs
        if "$" in (value or "") or (isinstance(item, Arg) and not re.fullmatch(_COMMIT, value or ""))
    ]
    return [name for name in names if re.search(_CHANGING, name.upper())]
