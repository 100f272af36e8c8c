"""The parts of a step's name in build output: ``[linux/amd64 builder 2/5] RUN make``.

A builder that builds several targets at once (bake) puts the target before the stage.
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


class VertexKind(StrEnum):
    """What a vertex is to the reader of a Dockerfile."""

    STEP = "step"  # one instruction, or an image that one names
    FRONTEND = "frontend"  # before any step: the definition, metadata of images, cache manifests
    CONTEXT = "context"  # the build context or a named one is sent
    INTERNAL = "internal"  # BuildKit's own, without a line: inline documents, cache directories
    EXPORT = "export"  # after all steps: the image, the cache, attestations


class StepWords(NamedTuple):
    """A step's name taken apart; ``text`` is the instruction, without digests of images."""

    platform: str
    target: str  # of bake
    stage: str
    number: int
    total: int
    text: str

    @property
    def keyword(self) -> str:
        """The instruction's keyword, past ONBUILD and LINK."""
        words = self.text.removeprefix("ONBUILD ").removeprefix("LINK ").split(None, 1)
        return words[0].upper() if words else ""


@lru_cache(maxsize=1 << 15)
def kind_of(name: str) -> VertexKind:
    """What the vertex called ``name`` is."""
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
def step_words(name: str) -> StepWords | None:
    """The parts of ``name``; None when it has no place in a stage, as images that COPY names."""
    match = _NAME.match(name)
    if not match:
        return None
    words = (match[1] or "").split()
    platform = words.pop(0) if words and _PLATFORM.match(words[0]) else ""
    stage = words.pop() if words else ""
    if words and not platform and _PLATFORM.match(words[-1]):
        platform = words.pop()
    return StepWords(
        platform=platform,
        target=" ".join(words),
        stage=stage,
        number=int(match[2]),
        total=int(match[3]),
        text=without_digests(match[4]),
    )


class Spelled(NamedTuple):
    """A name as the Dockerfile's own build has it: without digests and without the target of bake."""

    text: str
    keyword: str


@lru_cache(maxsize=1 << 15)
def spelled(name: str) -> Spelled:
    """``name`` as the Dockerfile's own build would have it."""
    plain, words = without_digests(name), step_words(name)
    if words is None:
        return Spelled(plain, plain.split(None, 1)[0].upper() if plain.strip() else "")
    return Spelled(plain.replace(f"[{words.target} ", "[", 1) if words.target else plain, words.keyword)


def without_digests(text: str) -> str:
    """``text`` with images by name and tag alone: BuildKit adds the digest once it knows it."""
    return _DIGEST.sub("", text)


def platforms_in(words: list[StepWords]) -> list[str]:
    """The platforms that names speak of, build platforms too, in order."""
    found: dict[str, None] = {}
    for word in words:
        runs_on, _, target = word.platform.partition("->")
        if runs_on:
            found[runs_on] = None
        if target:
            found[
                target if "/" in target and target.split("/")[0] in _SYSTEMS else _beside(runs_on, target)
            ] = None
    return list(found)


_SYSTEMS = frozenset({"linux", "windows", "darwin", "freebsd", "wasip1", "js"})


def _beside(runs_on: str, architecture: str) -> str:
    return f"{runs_on.split('/')[0]}/{architecture}"
