"""Small generated Dockerfiles, and every question about one of them asked of the exact reader."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product

from msgspec.structs import replace

from stagegraph.dockerfile.expand import ExpansionError, Lexer
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.platforms import parse_platform
from stagegraph.dockerfile.references import ImageReferenceError, full_reference
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.scope import global_arguments, platform_arguments
from stagegraph.errors import StagegraphError
from stagegraph.options import Options
from stagegraph.source import Source

NAMES = ("a", "b", "a-b", "b-a", "ab", "a-amd64", "a-arm64", "b-armv7", "a-1")
WORDS = (
    "$X",
    "${X}",
    "a-${X}",
    "${X}-b",
    "${X:-a}",
    "${X-b}",
    "a${X:+-b}",
    "${X:+a-}b",
    "${X:-${Y:-b}}",
    "${X:+${Y}-}b",
    "${X}${Y:+-$Y}",
    "$X-$X",
    "${X#a-}",
    "${X%-*}",
    "${X/-/}",
    "a-$TARGETARCH",
    "b-${TARGETARCH}${TARGETVARIANT}",
    "a-${TARGETARCH:-$X}",
    "a-${BUILDARCH}",
    "$TARGETSTAGE",
    "${U}a",
    "'a'$X",
    "${X:?no}",
    "img/$X",
    "a:$X",
)
ARGS = (
    "ARG X",
    "ARG X=a",
    "ARG X=b",
    "ARG X=",
    "ARG Y",
    "ARG Y=b",
    "ARG Y=$X",
    "ARG X=a-$Y",
    "ARG TARGETARCH",
)
PLATFORMS = ("linux/amd64", "linux/arm64", "linux/arm/v7", "windows/amd64")


def random_dockerfile(seed: int) -> str:
    """A Dockerfile of a few stages in which names, variables, triggers and numbers meet."""
    chance = random.Random(seed)
    lines = ["ARG X", *chance.sample(ARGS, chance.randint(0, 2))] if chance.random() < 0.7 else ["ARG X=a"]
    names = chance.sample(NAMES, 4)
    words = chance.sample(WORDS, 2)
    known: list[str] = []
    for index in range(chance.randint(2, 5)):
        lines.extend(_stage(chance, names, words, known, index))
    return "\n".join(lines) + "\n"


def _stage(
    chance: random.Random, names: Sequence[str], words: Sequence[str], known: list[str], index: int
) -> Iterator[str]:
    base = chance.choice(("alpine", "scratch", chance.choice(known or ["alpine"]), *words))
    name = chance.choice(names) if chance.random() < 0.6 else ""
    yield f"FROM {base}" + (f" AS {name}" if name else "")
    for _ in range(chance.randint(0, 2)):
        # a later stage now and then: BuildKit refuses it, and only where it is needed
        source = chance.choice(
            (*known, *known, "busybox", str(chance.randrange(index + 1)), chance.choice(names))
        )
        if source not in (name, str(index)):
            yield chance.choice(
                (
                    f"COPY --from={source} /x /y",
                    f"RUN --mount=from={source},target=/m x",
                    f"ONBUILD COPY --from={source} /x /y",
                    "RUN x",
                )
            )
    known.extend([name] if name else [])


def read(text: str) -> Dockerfile:
    """``text`` read but not resolved."""
    return read_dockerfile(Source(name="Dockerfile", text=text))


def vocabulary(file: Dockerfile) -> dict[str, list[str | None]]:
    """The values that each variable in FROM is tried with: left alone, nothing, and parts of names."""
    names = {stage.head.name for stage in file.stages if stage.head.name}
    pieces = {part for name in names for part in _pieces(name)}
    text = " ".join(stage.head.base for stage in file.stages)
    declared = {name for arg in file.arguments for name, _ in arg.pairs}
    own = {name for name in ("X", "Y") if name in declared and name in text}
    platform = {name for name in ("TARGETARCH", "TARGETVARIANT", "BUILDARCH", "TARGETSTAGE") if name in text}
    words: dict[str, list[str | None]] = {name: [None, "", "z", *sorted(pieces)] for name in sorted(own)}
    return words | {name: [None, "", "arm64", "v7", "1"] for name in sorted(platform)}


def _pieces(name: str) -> list[str]:
    """The parts of a name that a variable beside the literals of WORDS can stand for."""
    first, dash, rest = name.partition("-")
    return [name, first, rest, dash + rest]


def reachable(file: Dockerfile) -> frozenset[int]:
    """Every stage that some target builds with some arguments on some platform, by asking them all."""
    targets = [None, *dict.fromkeys(stage.head.name for stage in file.stages if stage.head.name)]
    found: set[int] = set()
    for options in _different(file, targets):
        for target in targets:
            found |= needed(file, replace(options, target=target))
    return frozenset(found)


def _different(file: Dockerfile, targets: Sequence[str | None]) -> list[Options]:
    """One question for every way that the bases can come out, in which alone two questions differ."""
    words = vocabulary(file)
    text = " ".join(stage.head.base for stage in file.stages)
    platforms = PLATFORMS if "TARGET" in text else PLATFORMS[:1]
    known: dict[tuple[str, ...], Options] = {}
    for target, platform in product(targets if "TARGETSTAGE" in text else targets[:1], platforms):
        for choice in product(*words.values()):
            given = {name: value for name, value in zip(words, choice, strict=True) if value is not None}
            options = Options(target=target, build_args=given, platforms=(platform,))
            bases = _bases(file, options)
            if bases is not None:
                known.setdefault((target or "", *bases), options)
    return list(known.values())


def _bases(file: Dockerfile, options: Options) -> tuple[str, ...] | None:
    stage = options.target or file.stages[-1].head.name
    build, wanted = parse_platform(options.build_platform), parse_platform(options.all_platforms[0])
    try:
        known = platform_arguments(build, wanted, stage, options.build_args)
        values = global_arguments(file, known, options.build_args)
        lexer = Lexer(escape=file.escape)
        names = {item.head.name for item in file.stages}
        words = [lexer.word(item.head.base, values) for item in file.stages]
        return tuple(word if word in names else _kind(word) for word in words)
    except (StagegraphError, ExpansionError):
        return None


@cache
def _kind(word: str) -> str:
    """All that matters of a base that is no stage: whether it can be an image."""
    try:
        return "an image" if full_reference(word) else ""
    except ImageReferenceError:
        return "no image"


def needed(file: Dockerfile, options: Options) -> frozenset[int]:
    """The stages that the exact reader says are built; none where it refuses."""
    try:
        found = resolve(file, options, options.target or "", options.all_platforms[0]).needed
    except StagegraphError:
        return frozenset()
    return frozenset(index for index in found if index < len(file.stages))
