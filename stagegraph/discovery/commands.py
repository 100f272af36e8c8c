"""``docker build``, ``docker buildx build`` and ``podman build`` as words: what they build.

Rules: docs.docker.com/reference/cli/docker/buildx/build and podman-build(1).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from stagegraph.discovery.shell_words import MISSING

_ENGINE = re.compile(
    r"(?:.*[/\\])?(?:docker|podman|nerdctl|buildah|finch)(?:\.exe)?\Z|.*(?:docker|podman)\Z", re.I
)
_WORDS_BEFORE = """
sudo time exec env if then else elif do while until ! nice command eval run call retry
"""
_BEFORE = frozenset(_WORDS_BEFORE.split()) | {""}
_LEADING = "@-+" + MISSING  # of make, and of a variable that is not known
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WITHOUT_VALUE = """
--no-cache --pull --push --load -q --quiet --rm --force-rm --squash --compress --check --debug -D --layers
--squash-all --all-platforms --disable-compression --disable-content-trust --no-hostname --no-hosts
--inherit-labels --skip-unused-stages --rewrite-timestamp --omit-history
"""
_SWITCHES = frozenset(_WITHOUT_VALUE.split())


class BuildCommand(Struct):
    """What one command line asks of a builder; None or MISSING inside a text is not known."""

    context: str | None = None
    file: str | None = None
    target: str = ""
    build_args: dict[str, str | None] = field(default_factory=dict)
    platforms: list[str] = field(default_factory=list)
    contexts: list[str] = field(default_factory=list)
    open: bool = False  # words follow that stand for more options


def build_command(words: Sequence[str]) -> BuildCommand | None:
    """The build that the words of a simple command ask for; None when they are no build."""
    rest = _arguments(words)
    return None if rest is None else _read(rest)


def _arguments(words: Sequence[str]) -> list[str] | None:
    """The words behind ``docker build`` and its like."""
    position = 0
    while position < len(words) and (
        words[position].lstrip(_LEADING) in _BEFORE or _ASSIGNMENT.match(words[position])
    ):
        position += 1
    if position >= len(words) or not _is_engine(words[position].lstrip("@-+")):
        return None
    rest = list(words[position + 1 :])
    while rest and rest[0].startswith("-"):  # global options: --context NAME, -H HOST, --debug
        takes = rest[0] in ("--context", "-c", "-H", "--host", "--config", "-l", "--log-level", "--builder")
        rest = rest[2:] if takes else rest[1:]
    if rest[:1] in (["buildx"], ["image"], ["builder"]):
        rest = rest[1:]
        while rest[:1] == ["--builder"]:
            rest = rest[2:]
    return rest[1:] if rest[:1] in (["build"], ["b"], ["bud"], ["build-using-dockerfile"]) else None


def _is_engine(word: str) -> bool:
    return bool(_ENGINE.match(word))


def _read(words: list[str]) -> BuildCommand:
    found = BuildCommand()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "-" or not word.startswith("-"):
            _positional(found, word)
            continue
        name, equals, value = word.partition("=")
        if not equals and name not in _SWITCHES and position < len(words):
            value = words[position]
            position += 1
        if MISSING in name:
            found.open = True
        else:
            _option(found, name, value)
    return found


def _positional(found: BuildCommand, word: str) -> None:
    if word.startswith(MISSING):
        found.open = True  # perhaps options, perhaps the context
        if not word.strip(MISSING):
            return
    if word.startswith(("<", ">")) or word.isdecimal():
        return  # a redirection
    found.context = word


def _option(found: BuildCommand, name: str, value: str) -> None:
    if name in ("-f", "--file"):
        found.file = value
    elif name == "--target":
        found.target = value
    elif name == "--build-arg":
        key, equals, text = value.partition("=")
        found.build_args[key] = text if equals and MISSING not in text else None
    elif name == "--platform":
        found.platforms.extend(part for part in value.split(",") if part)
    elif name == "--build-context":
        found.contexts.append(value.partition("=")[0])


def mentions_build(text: str) -> bool:
    """Whether a line can hold a build at all."""
    return bool(_MENTION.search(text))


_MENTION = re.compile(
    r"(?:docker|podman|nerdctl|buildah|finch|\bCONTAINER\w*|\bENGINE\w*)\S*[ \t].*?\b(?:build|bud)\b",
    re.IGNORECASE,
)


def engine_variables() -> Iterator[tuple[str, str]]:
    """Variables that by custom hold the name of the engine."""
    for name in (
        "DOCKER",
        "CONTAINER_TOOL",
        "CONTAINER_RUNTIME",
        "CONTAINER_ENGINE",
        "ENGINE",
        "CONTAINER_CLI",
    ):
        yield name, "docker"
