"""The words that a file calls a target, and the lines that pass a target which is not a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

LARGEST_FOR_WORDS = 256 * 1024  # characters
_DOCKERFILE = re.compile(r"docker_?file|containerfile", re.IGNORECASE)

_WORD = r"[A-Za-z0-9][\w.-]*"
_BETWEEN = r"(?:[\"'\\]{0,2},[ \t]?[\"'\\]{0,2}|[\"'][ \t][\"'])"
_MENTION = re.compile(
    r"(?:--target(?:[ \t=]|\\?[\"'],?[ \t]?\\?[\"'])|targets?\\?[\"']?[ \t]{0,8}[:=])"
    rf"[\"'\\\[({{ \t]{{0,8}}(?P<words>{_WORD}(?:{_BETWEEN}{_WORD}){{0,50}})",
    re.IGNORECASE,
)
_ITEM = rf"[ \t]*-[ \t]*[\"']?{_WORD}[\"']?[ \t]*\r?\n"
_ITEMS = re.compile(rf"targets?\\?[\"']?:[ \t]*\r?\n(?P<items>(?:{_ITEM}){{1,50}})", re.IGNORECASE)
_EACH = re.compile(_WORD)
# Files of program code: words and expressions count only near the name of a tool that builds images.
_CODE = re.compile(
    r".*\.(?:py|rb|groovy|gradle|kts?|bzl|star|nix|tf|tofu|[cm]?[jt]sx?|go|java|cs|fs|rs|scala|php|jsonnet|cue|lua)\Z"
    r"|Jenkinsfile.*|Tiltfile|Rakefile|Fastfile",
    re.IGNORECASE,
)
_SHELL = re.compile(r".*\.(?:sh|bash|zsh|mk|just|fish)\Z|[^.]*\Z|.*Makefile.*|.*justfile", re.IGNORECASE)
_PROSE = re.compile(r".*\.(?:md|rst|adoc|txt)\Z", re.IGNORECASE)
_BUILDER = re.compile(
    r"docker(?!\.(?:io|com)\b|hub|ignore)|podman|buildah|buildx|buildkit|kaniko|nerdctl|containerfile|build-push"
    r"|image_?asset|from_?asset|image_?build|images?\.build|type:\s*container\b|earthly|dagger|dag\.container",
    re.IGNORECASE,
)
# calls that build an image, in program code: there `target = x` alone says little
_CALL = re.compile(
    r"docker_?(?:build|image)|image_?asset|from_?asset|from_?dockerfile|image_?build|images?\.build|custom_build"
    r"|docker\.(?:Image|build)|fromBuild|container_?build|container\(\)|docker\s*\{|set_?target|kaniko|buildx",
    re.IGNORECASE,
)
_TOOL = re.compile(
    r"\b(?:cargo|cross|rustup|rustc|cmake|clang|gcc|npm|npx|pip3?|go|dotnet|tsc|esbuild|swift|zig|kubectl|rsync|ninja"
    r"|mount|(docker|podman|buildah|buildx|kaniko|nerdctl|executor))\b"
)
# `--target` and a value that is not a word: after it, as the next item of a list, or joined to it
_OPTION = re.compile(
    r"--target(?:(?:[ \t]+|=)\\?[\"']?[^\w\s\"'\\.,;)\]`-]"
    r"|\\?[\"']\s{0,80},\s{0,80}(?:[^\W\d][\w.]*(?![\w\"'])|[a-zA-Z]?\\?[\"'`][${@%<#]|[$@(&*])"
    r"|[ =]?[\"'`][ \t]*(?:\+|\.\.?|&|<<|~)[ \t]*[\w$@(]"
    r"|[\"']?[ \t]*\r?\n[ \t]*-[ \t]+[\"']?[${@%<#(])"
)
_KEY = r"[\"':]?(?:(?:docker|build|image|stage)[_-]?)?[tT]arget(?:_?[sS]tage)?[\"']?[ \t]{0,8}"
_SET = re.compile(
    r"(?<![\w,/$-])" + _KEY + r"(?::|=>|=(?![=>])|:=)[ \t]{0,8}"
    r"(?:[\"']?(?:\$|\{\{|\{%|<[\w%< ]|[@%]\w|#\{|\(\()|!\w|[fF][\"'][^\"'\n]*\{|\{?\s{0,80}from_\w+:)"
)
_CODE_SET = re.compile(
    r"(?<![\w/$-])" + _KEY + r"(?::|=>|=(?![=>])|:=)[ \t]{0,8}(?!(?:true|false|null|None|nil|undefined)\b)"
    r"(?:&?[^\W\d][\w.]*(?![\w\"'.])|`|\()|[tT]arget\([ \t]{0,8}[^\s\"')]|(?<=[{,])\s{0,80}target\s{0,80}[,}]"
)
_BEFORE, _AFTER = 15, 6  # lines around a target in which a tool that builds images may be named
_FILES = re.compile(
    r"(?:.*\.(?:md|rst|adoc|txt|ya?ml|json|jsonc|toml|py|rb|groovy|gradle|kts?|bzl|star|ps[dm]?1|bat|cmd|tf|tofu|nix|just"
    r"|[cm]?[jt]sx?|go|java|cs|fs|rs|scala|php|jsonnet|cue|lua|sh|bash|zsh|mk|fish"
    r"|hcl|tfvars|env|ini|cfg|conf|properties|xml)"
    r"|[^.]*|.*(?:Dockerfile|Containerfile|Jenkinsfile|Tiltfile|Earthfile|Makefile|Rakefile).*|\.envrc)\Z",
    re.IGNORECASE,
)


def may_mention(name: str) -> bool:
    """Whether people name targets and build arguments in files of this name."""
    return bool(_FILES.match(name))


def unread_targets(name: str, text: str) -> Iterator[int]:
    """The lines of the file ``name`` that pass a target that is not a word, such as ``--target $X``.

    Only those count that are near the name of a tool that builds images.
    """
    if len(text) > LARGEST_FOR_WORDS or "target" not in text.lower() or not _BUILDER.search(text):
        return
    if _DOCKERFILE.search(name):
        return
    prose, shell, code = bool(_PROSE.match(name)), bool(_SHELL.match(name)), bool(_CODE.match(name))
    lines = text.split("\n")
    options = {
        line
        for line in _lines_of(_OPTION, text)
        if (
            re.search(r"(?:docker|podman|buildah|nerdctl|buildx) (?:build|bud)\b.*--target", lines[line - 1])
            if prose
            else True
        )
        and _builds_image(name, lines, line, _BUILDER)
    }
    keys = set() if prose or shell else set(_lines_of(_SET, text))
    keys.update(_lines_of(_CODE_SET, text) if code else ())
    near = _CALL if code else _BUILDER
    options.update(line for line in keys if _builds_image(name, lines, line, near))
    yield from (line for line in sorted(options) if not lines[line - 1].lstrip().startswith(("#", "//")))


def _lines_of(pattern: re.Pattern[str], text: str) -> Iterator[int]:
    line, counted = 1, 0
    for match in pattern.finditer(text):
        start = match.start() + len(match[0]) - len(match[0].lstrip())
        line, counted = line + text.count("\n", counted, start), start
        yield line


def _builds_image(name: str, lines: Sequence[str], line: int, near: re.Pattern[str]) -> bool:
    """Whether the tool that gets the target on a line builds images; ``near`` matches those around it."""
    text = lines[line - 1]
    tools = [match[1] for match in _TOOL.finditer(text[: text.find("arget")])]
    if tools:
        return tools[-1] is not None
    return any(near.search(one) for one in _around(name, lines, line))


def _around(name: str, lines: Sequence[str], line: int) -> Sequence[str]:
    """The lines around a line; in YAML those of the item of a list that it is in."""
    first, last = max(line - 1 - _BEFORE, 0), line + _AFTER
    if name.lower().endswith((".yml", ".yaml")):
        indent = _indent(lines[line - 1])
        for number in range(line - 1, first, -1):
            if lines[number - 1].lstrip().startswith("- ") and _indent(lines[number - 1]) < indent:
                first, indent = number - 1, _indent(lines[number - 1])
                break
        ends = (at for at in range(line, min(last, len(lines))) if _starts_item(lines[at], indent))
        last = next(ends, last)
    return lines[first:last]


def _starts_item(line: str, indent: int) -> bool:
    return bool(line.strip()) and _indent(line) <= indent


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def mentions(name: str, text: str) -> Iterator[tuple[str, int]]:
    """Every word in the file ``name`` that is written where a target is, in lower case, with its line.

    In program code only those count that are near the name of a tool that builds images.
    """
    if len(text) > LARGEST_FOR_WORDS or "target" not in text.lower():
        return
    code = bool(_CODE.match(name))
    if code and not _BUILDER.search(text):
        return
    lines = text.split("\n")
    for pattern in (_MENTION, _ITEMS):
        line, counted = 1, 0
        for match in pattern.finditer(text):
            line, counted = line + text.count("\n", counted, match.start()), match.start()
            if code and not _builds_image(name, lines, line, _BUILDER):
                continue
            for word in _EACH.findall(match[pattern.groups]):
                yield word.rstrip(".").lower(), line
