"""Parses the names that build output gives to vertices, such as ``[linux/amd64 builder 2/5] RUN make``.

A bake build of several targets puts the name of the target before the stage.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

_NAME = re.compile(r"\[(?:([^\]\[]*) )? *(\d+)/(\d+)\] (.*)\Z", re.DOTALL)
_PLATFORM = re.compile(r"[a-z0-9]+/[a-z0-9]+(?:/[a-z0-9.]+)?(?:->[a-z0-9/.]+)?\Z")
_DIGEST = re.compile(r"(?<=\S)@sha256:[0-9a-f]{64}")
_FRONTEND = re.compile(
    r"\[(?:[^\]]* )?internal\] load (?:build definition|metadata|\.dockerignore|local bake|remote bake)"
    r"|\[context [^\]]*\] (?:load metadata|load \.dockerignore)"
    r"|resolve image config for |docker-image://|\[auth\] |importing cache manifest"
)
_CONTEXT = re.compile(r"\[(?:[^\]]* )?internal\] load build context|\[context [^\]]*\]")
_EXPORT = re.compile(
    r"(?:\[[^\]]*\] )?"
    r"(?:exporting |pushing |sending tarball|preparing build cache|copying |resolving provenance)"
)
_INTERNAL = re.compile(r"\[(?:[^\]]* )?internal\] |merging |mergeop")
_SYSTEMS = frozenset({"linux", "windows", "darwin", "freebsd", "wasip1", "js"})


class VertexKind(StrEnum):
    """What a vertex is to the reader of a Dockerfile."""

    STEP = "step"  # one instruction, or an image that one names
    FRONTEND = "frontend"  # before any step: the definition, metadata of images, cache manifests
    CONTEXT = "context"  # the build context or a named one is sent
    INTERNAL = "internal"  # BuildKit's own, without a line: inline documents, cache directories
    EXPORT = "export"  # after all steps: the image, the cache, attestations


class StepName(NamedTuple):
    """The parts of a step's name; ``text`` is the instruction, without digests of images."""

    platform: str
    target: str  # of bake
    stage: str
    number: int
    total: int
    text: str

    @property
    def keyword(self) -> str:
        """The instruction's keyword, without ONBUILD and LINK."""
        words = self.text.removeprefix("ONBUILD ").removeprefix("LINK ").split(None, 1)
        return words[0].upper() if words else ""


class CanonicalName(NamedTuple):
    """A name that the build of the Dockerfile alone has: without digests and without the bake target."""

    text: str
    keyword: str


@lru_cache(maxsize=1 << 15)
def vertex_kind(name: str) -> VertexKind:
    """The kind of the vertex called ``name``."""
    if _FRONTEND.match(name):
        return VertexKind.FRONTEND
    if _CONTEXT.match(name) and not _NAME.match(name):  # a stage may be called context
        return VertexKind.CONTEXT
    if _INTERNAL.match(name):
        return VertexKind.INTERNAL
    if _EXPORT.match(name) and not _NAME.match(name):
        return VertexKind.EXPORT
    return VertexKind.STEP


@lru_cache(maxsize=1 << 15)
def step_name(name: str) -> StepName | None:
    """The parts of ``name``; None without a ``[stage 1/2]``, as for images that COPY names."""
    match = _NAME.match(name)
    if not match:
        return None
    words = (match[1] or "").split()
    platform = words.pop(0) if words and _PLATFORM.match(words[0]) else ""
    stage = words.pop() if words else ""
    if words and not platform and _PLATFORM.match(words[-1]):
        platform = words.pop()
    return StepName(
        platform=platform,
        target=" ".join(words),
        stage=stage,
        number=int(match[2]),
        total=int(match[3]),
        text=without_digests(match[4]),
    )


@lru_cache(maxsize=1 << 15)
def canonical_name(name: str) -> CanonicalName:
    """``name`` as the build of the Dockerfile alone has it, to compare names of different builds."""
    plain, parts = without_digests(name), step_name(name)
    if parts is None:
        return CanonicalName(plain, plain.split(None, 1)[0].upper() if plain.strip() else "")
    text = plain.replace(f"[{parts.target} ", "[", 1) if parts.target else plain
    return CanonicalName(text, parts.keyword)


def without_digests(text: str) -> str:
    """``text`` with images by name and tag alone: BuildKit adds the digest once it knows it."""
    return _DIGEST.sub("", text)


def platforms_in(names: list[StepName]) -> list[str]:
    """The platforms in ``names``, build platforms included, in order of appearance."""
    platforms: dict[str, None] = {}
    for name in names:
        runs_on, _, target = name.platform.partition("->")
        if runs_on:
            platforms[runs_on] = None
        if target:
            platforms[_full_platform(target, runs_on)] = None
    return list(platforms)


def _full_platform(target: str, runs_on: str) -> str:
    """``target`` with its operating system, which a name omits when it is that of ``runs_on``."""
    system, slash, _ = target.partition("/")
    return target if slash and system in _SYSTEMS else f"{runs_on.split('/')[0]}/{target}"
