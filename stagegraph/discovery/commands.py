"""Splits lines of shell into simple commands, and reads the builds of docker, podman and their like.

Rules: docs.docker.com/reference/cli/docker/buildx/build and podman-build(1).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice, product

from msgspec import Struct, field

from stagegraph.discovery.found_build import PLACEHOLDER, ReadingLimits, TooMuchError

MISSING = "\x00"  # in a word: an unknown value
_MOST_EXPANSIONS = 64
_STEPS_OF_EXPANSION = 50
_MOST_GROWTH = 64 * 1024  # characters that variables add to a line
_ENDS = frozenset({"&&", "||", ";", "|", "&", "(", ")", ";;", "|&", "{", "}", ";&"})
_QUOTES = ("'", '"', "\\")
_SINGLE, _DOUBLE, _ESCAPE = r"'[^']*'", r'"[^"\\]*(?:\\.[^"\\]*)*"', r"\\."
_PLAIN = r"[A-Za-z0-9_\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff~./*?=$@{}%+!^:,\[\]\x00-]+"
# splits as shlex does, but takes a run of plain characters at once
_TOKEN = re.compile(
    rf"(?P<word>(?:{_PLAIN}|{_SINGLE}|{_DOUBLE}|{_ESCAPE})+)"
    r"|(?P<operator>[();<>|&]+)|[ \t\r\n]+|(?P<other>.)",
    re.DOTALL,
)
_QUOTED = re.compile(rf"{_SINGLE}|{_DOUBLE}|{_ESCAPE}", re.DOTALL)
_ESCAPED = re.compile(r"""\\(["\\])""")
_VARIABLE = re.compile(
    r"\$\$?\{([A-Za-z_]\w*)(?::?([-=?+])([^{}]*))?\}|\$\$?\(([A-Za-z_][\w-]*)\)|\$\$?([A-Za-z_]\w*)"
)
_NOT_EXPANDED = re.compile(r"\$\{[^{}]*\}|\$\(\(?|`|\$\{|\$[@*#?!0-9]")
_TEMPLATED = re.compile(PLACEHOLDER)
Values = Mapping[str, Sequence[str]]
_ENGINE = re.compile(
    r"(?:.*[/\\])?(?:docker|podman|nerdctl|buildah|finch)(?:\.exe)?\Z|.*(?:docker|podman)\Z", re.I
)
_WORDS_BEFORE = """
sudo time exec env if then else elif do while until ! nice command eval run call retry
"""
_BEFORE = frozenset(_WORDS_BEFORE.split()) | {""}
_LEADING = "@-+" + MISSING  # prefixes of make, and an unknown variable
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_WITHOUT_VALUE = """
--no-cache --pull --push --load -q --quiet --rm --force-rm --squash --compress --check --debug -D --layers
--squash-all --all-platforms --disable-compression --disable-content-trust --no-hostname --no-hosts
--inherit-labels --skip-unused-stages --rewrite-timestamp --omit-history
"""
_SWITCHES = frozenset(_WITHOUT_VALUE.split())


class LogicalLine(Struct, frozen=True):
    """One command line, joined from one or more lines of a file, and the number of its first line."""

    text: str
    line: int


def logical_lines(text: str, first: int = 1, continuation: str = "\\") -> Iterator[LogicalLine]:
    """The lines of ``text``, joined after a backslash; without comment lines."""
    parts: list[str] = []
    start = first
    for number, raw in enumerate(text.split("\n"), first):
        line = raw.rstrip("\r")
        if not parts:
            start = number
            if line.lstrip().startswith("#"):
                continue
        if line.endswith(continuation):
            parts.append(line[:-1] + " ")
            continue
        yield LogicalLine("".join((*parts, line)), start)
        parts = []
    if parts:
        yield LogicalLine("".join(parts), start)


def simple_commands(text: str) -> list[list[str]] | None:
    """The words of every simple command of a line; None where a quote is not closed."""
    commands: list[list[str]] = [[]]
    for token in _TOKEN.finditer(text):
        if not token.lastgroup:
            continue
        if token.lastgroup == "other" and token[0] in _QUOTES:
            return None
        word = _QUOTED.sub(_unquoted, token[0]) if token.lastgroup == "word" else token[0]
        if word in _ENDS:
            commands.append([])
        else:
            commands[-1].append(word)
    return [command for command in commands if command]


def _unquoted(match: re.Match[str]) -> str:
    text = match[0]
    if text[0] == "\\":
        return text[1]
    inside = text[1:-1]
    return _ESCAPED.sub(r"\1", inside) if text[0] == '"' else inside


def expansions(text: str, values: Values, limits: ReadingLimits) -> Iterator[tuple[str, bool]]:
    """Every expansion of the variables in ``text`` that ``values`` allow, and whether it is certain.

    Where X has no value, ``${X:-default}`` expands to its default, which is not certain. Any other variable
    without a value expands to MISSING, and so does a placeholder that another tool fills in. Raises
    TooMuchError where a line grows too long.
    """
    text = _TEMPLATED.sub(MISSING, text)
    uses = Counter(_name(match) for match in _VARIABLE.finditer(text))
    names = list(uses)
    known = [values.get(name, ())[:_MOST_EXPANSIONS] for name in names]
    choices: list[Sequence[str | None]] = [one or (None,) for one in known]
    for choice in islice(product(*choices), _MOST_EXPANSIONS):
        growth = sum(uses[name] * len(value or "") for name, value in zip(names, choice, strict=True))
        if growth > _MOST_GROWTH:
            raise TooMuchError("its variables expand to too much text")
        limits.spend(_STEPS_OF_EXPANSION + len(text) + growth)
        yield _expanded(text, dict(zip(names, choice, strict=True)))


def _name(match: re.Match[str]) -> str:
    return match[1] or match[4] or match[5]


def _expanded(text: str, values: Mapping[str, str | None]) -> tuple[str, bool]:
    sure = True

    def part(match: re.Match[str]) -> str:
        nonlocal sure
        value = values[_name(match)]
        if value is not None:
            return value
        sure = False
        default = match[3] if match[2] in ("-", "=") else None
        return default if default is not None and "$" not in default else MISSING

    expanded = _VARIABLE.sub(part, text)
    if _NOT_EXPANDED.search(expanded):
        return _NOT_EXPANDED.sub(MISSING, expanded), False
    return expanded, sure


class BuildCommand(Struct):
    """The options of one build command; None, or MISSING in a string, is unknown."""

    context: str | None = None
    file: str | None = None
    target: str = ""
    build_args: dict[str, str | None] = field(default_factory=dict)
    platforms: list[str] = field(default_factory=list)
    contexts: dict[str, str] = field(default_factory=dict)
    tags: list[str] = field(default_factory=list)
    open: bool = False  # an unknown word may be more options


def known_values(contexts: Mapping[str, str]) -> dict[str, str]:
    """Those of ``contexts`` whose names and values are known."""
    return {name: value for name, value in contexts.items() if value and MISSING not in name + value}


def build_command(words: Sequence[str]) -> BuildCommand | None:
    """The build that a simple command runs; None when it does not run one."""
    rest = _arguments(words)
    return None if rest is None else _read(rest)


def _arguments(words: Sequence[str]) -> list[str] | None:
    """The words after ``docker build`` or a similar command; None for other commands."""
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
    command = BuildCommand()
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word == "-" or not word.startswith("-"):
            _positional(command, word)
            continue
        name, equals, value = word.partition("=")
        if not equals and name not in _SWITCHES and position < len(words):
            value = words[position]
            position += 1
        if MISSING in name:
            command.open = True
        else:
            _option(command, name, value)
    return command


def _positional(command: BuildCommand, word: str) -> None:
    if word.startswith(MISSING):
        command.open = True  # options or the context
        if not word.strip(MISSING):
            return
    if word.startswith(("<", ">")) or word.isdecimal():
        return  # a redirection
    command.context = word


def _option(command: BuildCommand, name: str, value: str) -> None:
    if name in ("-f", "--file"):
        command.file = value
    elif name == "--target":
        command.target = value
    elif name == "--build-arg":
        key, equals, text = value.partition("=")
        command.build_args[key] = text if equals and MISSING not in text else None
    elif name == "--platform":
        command.platforms.extend(part for part in value.split(",") if part)
    elif name in ("-t", "--tag") and MISSING not in value:
        command.tags.append(value)
    elif name == "--build-context":
        context, _, address = value.partition("=")
        command.contexts[context] = address


def changes_files(text: str) -> bool:
    """Whether a script may change the Dockerfiles of a repository: it writes one or checks out a commit."""
    return bool(re.search(_CHANGES, text, re.IGNORECASE))


_CHANGES = (
    r"\bgit\b[^\n]*\b(?:clone|checkout|switch|worktree|reset|pull)\b"
    r"|(?:>|\b(?:cp|mv|tee|envsubst|install|sed[ \t]+-\S*i\S*)\b)[^\n;|&]*(?:Docker|Container)file"
)


def mentions_build(text: str) -> bool:
    """Whether a line of ``text`` may hold a build: a word with the name of an engine, and later "build"."""
    position = 0
    while engine := _ENGINE_NAME.search(text, position):
        space = _SPACE.search(text, engine.end())
        if space is None:
            return False
        position = space.end()
        if space[0] in " \t":
            end = text.find("\n", position)
            position, start = (end if end >= 0 else len(text)), position
            if _BUILD_WORD.search(text, start, position):
                return True
    return False


_ENGINE_NAME = re.compile(r"docker|podman|nerdctl|buildah|finch|\b(?:CONTAINER|ENGINE)", re.IGNORECASE)
_BUILD_WORD = re.compile(r"\b(?:build|bud)\b", re.IGNORECASE)
_SPACE = re.compile(r"\s")


def engine_variables() -> Iterator[tuple[str, str]]:
    """Variables that conventionally hold the name of the engine, with a value for each."""
    for name in (
        "DOCKER",
        "CONTAINER_TOOL",
        "CONTAINER_RUNTIME",
        "CONTAINER_ENGINE",
        "ENGINE",
        "CONTAINER_CLI",
    ):
        yield name, "docker"
