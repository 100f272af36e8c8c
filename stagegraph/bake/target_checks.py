"""What bake rejects only when it turns a target into a build (docker/buildx bake/bake.go, toBuildOpt)."""

from __future__ import annotations

import re

from stagegraph.bake.definition import Defined
from stagegraph.bake.fields import Fields
from stagegraph.bake.functions_text import clean_path
from stagegraph.errors import BakeError

_REMOTE = re.compile(r"(?:https?|git|ssh)://|github\.com/|git@|[\w.-]+@[\w.-]+:")
_CWD = "cwd://"
_PLATFORM_PART = re.compile(r"[A-Za-z0-9_.()-]+")
_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmgtpKMGTP]?)[iI]?[bB]?")
_ULIMIT = re.compile(r"[a-z]+=(-1|\d+)(?::(-1|\d+))?")
_ANNOTATION = re.compile(r"(index|index-descriptor|manifest|manifest-descriptor)(\[[A-Za-z0-9_/-]+\])?")


def is_remote(path: str) -> bool:
    """Whether a context is a Git repository or a URL."""
    return bool(_REMOTE.match(path))


def checked(fields: Fields, defined: Defined) -> Fields:
    """``fields`` with the context as it is printed. Raises BakeError."""
    for name in ("context", "dockerfile"):
        if fields.get(name) == "-":
            raise _error(defined, name, f"{name} from standard input is not allowed in bake")
    _check_sizes(fields, defined)
    for platforms in _list(fields, "platforms"):
        if not all(map(_is_platform, platforms.split(","))):
            message = f"invalid platform {platforms}"
            raise _error(defined, "platforms", message, "write it as linux/amd64", platforms)
    for annotation in _list(fields, "annotations"):
        _check_annotation(defined, annotation)
    for output in _list(fields, "output"):
        if output.get("type") == "local" and not output.get("dest"):
            raise _error(defined, "output", "an output of the type local needs a dest")
    context = _context(fields.get("context"))
    return {**fields, "context": context, "dockerfile": fields.get("dockerfile") or "Dockerfile"}


def _check_sizes(fields: Fields, defined: Defined) -> None:
    size = fields.get("shm-size")
    limits = [("ulimits", limit, _ULIMIT) for limit in _list(fields, "ulimits")]
    sizes = [("shm-size", size, _SIZE)] if isinstance(size, str) else []
    for name, value, pattern in (*limits, *sizes):
        if not pattern.fullmatch(value):
            raise _error(defined, name, f"invalid {name} {value}", word=value)


def _list(fields: Fields, name: str) -> list:  # type: ignore[type-arg]
    value = fields.get(name)
    return value if isinstance(value, list) else []


def _error(defined: Defined, attribute: str, message: str, hint: str = "", word: str = "") -> BakeError:
    return defined.error(f"target {defined.name}: {message}", attribute, hint, word)


def _context(value: object) -> object:
    if value is None:
        return "."
    if not isinstance(value, str) or is_remote(value):
        return value
    return clean_path(value.removeprefix(_CWD))


def _is_platform(text: str) -> bool:
    parts = text.strip().split("/")
    if len(parts) > 3 or not all(map(_PLATFORM_PART.fullmatch, parts)):
        return False
    return len(parts) > 1 or parts[0].lower() in _KNOWN


def _check_annotation(defined: Defined, text: str) -> None:
    key, equals, _ = text.partition("=")
    if not equals:
        message = f"the annotation {text} has no value"
        raise _error(defined, "annotations", message, "write it as KEY=VALUE", text)
    types, colon, _ = key.partition(":")
    if colon and not all(map(_ANNOTATION.fullmatch, types.split(","))):
        raise _error(
            defined,
            "annotations",
            f"the annotation {text} has an unknown type",
            "types are index, index-descriptor, manifest and manifest-descriptor",
            text,
        )


_KNOWN = frozenset(
    (
        "local", "linux", "windows", "darwin", "freebsd", "netbsd", "openbsd", "dragonfly",
        "solaris", "illumos", "aix", "android", "ios", "js", "plan9", "wasip1", "macos", "386",
        "amd64", "arm", "arm64", "armel", "armhf", "armbe", "arm64be", "aarch64", "i386", "x86_64",
        "x86-64", "loong64", "mips", "mipsle", "mips64", "mips64le", "ppc", "ppc64", "ppc64le",
        "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm",
    )
)  # fmt: skip
