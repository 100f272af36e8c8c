"""Finds the build contexts and Dockerfiles that builds name and that do not exist and nothing makes."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from msgspec import Struct
from msgspec.structs import replace

from stagegraph.discovery.file_names import has_template_suffix
from stagegraph.discovery.found_build import FoundBuild, MissingFile
from stagegraph.discovery.repository import Repository, is_ignored, joined

_LITERAL = r"[\w.@+,~-][\w./@+, ~-]*"
_NAMES = ("Dockerfile", "dockerfile", "Containerfile")
_LONGEST_BUILD = 60  # lines from the start of a build to its context
_MOST_READ = 64 * 1024 * 1024  # bytes of files that may say what makes a path
_LARGEST = 1024 * 1024
# of these files, any mention of a path may be that of the command that makes it
_SCRIPT = (
    r"(?:[^.]*|.*\.(?:sh|bash|zsh|fish|mk|just|py|js|mjs|ts|rb|pl|php|ps1|bat|cmd|gradle|kts|groovy|go|rs"
    r"|ya?ml|toml|json|xml|cfg|ini|bzl|bazel|nix|cmake|am|ac|in|env|tf|hcl|j2|tmpl|tpl))\Z"
)
# what only says that the path is used: the key of a context or Dockerfile, or a command line of a build
_USED = (
    r"(?:^\s*(?:-\s+)?|[{,]\s*)[\"']?(?:build|context|dockerfile|file)[\"']?\s*[:=]"
    r"|\bbuild:\s*(?:\{|\./)|\b(?:docker|podman|buildah|nerdctl)\b[^\n]*\bbuild\b|^\s*(?:#|//)"
)
# a line of a script that writes a Dockerfile
_MAKES = (
    r"[>]|\b(?:tee|cp|mv|ln|touch|curl|wget|install|copy|write|open|render|envsubst"
    r"|generate\w*|template\w*)\b"
)
_OVERRIDES = r"(?m)--project-directory|\bworkdir:|^.*[\w*-]\.(?:context|dockerfile)="
_MAY_OVERRIDE = r"(?:[^.]*|.*\.(?:ya?ml|sh|bash|mk|just))\Z"
_ONLY_BUILDS = r"[^/]*bake[^/]*\.(?:hcl|json)\Z"
_COMPOSE = r"(?:docker-)?compose[^/]*\.ya?ml\Z"


def missing_file(repository: Repository, here: str, context: str, dockerfile: str) -> MissingFile | None:
    """What does not exist of a build in the directory ``here``; None where something is not known.

    A path may be relative to any directory between ``here`` and the root: what a tool is run in is not
    known. Both are as they are written, empty for the default.
    """
    if not context and not dockerfile:
        return None
    context = context or "."
    if not re.fullmatch(_LITERAL, context) or not re.fullmatch(_LITERAL, dockerfile or "Dockerfile"):
        return None
    if context.endswith(".git") or context.startswith("~"):
        return None
    if joined(here, context) is None:
        return None
    inside = [path for start in _between(here) if (path := joined(start, context)) is not None]
    existing = [path for path in inside if repository.exists(path)]
    if not existing:
        paths, part, text = inside, "context", context
    else:
        names = (dockerfile,) if dockerfile else _NAMES
        joint = [joined(path, name) for path in existing for name in names]
        if None in joint:
            return None
        # some builders take the path of a Dockerfile from the working directory
        joint += [joined(start, name) for start in _between(here) for name in names if dockerfile]
        if any(path is not None and repository.exists(path) for path in joint):
            return None
        paths, part, text = [path for path in joint if path is not None], "dockerfile", dockerfile
    if any(_may_be_made(repository, path) for path in paths):
        return None
    return MissingFile(part=part, path=paths[0], text=text, near=_near(repository, paths[0]))


def _near(repository: Repository, path: str) -> str:
    """The name in the same directory that the first missing part of ``path`` may be meant to be."""
    name = _name_of(repository, path)
    directory = f"/{path}/".partition(f"/{name}/")[0].strip("/")
    near = get_close_matches(name, repository.names_in(directory), n=1)
    return near[0] if near else ""


def _between(here: str) -> list[str]:
    """``here`` and every directory above it, up to the root."""
    directories = [here]
    while directories[-1]:
        directories.append(directories[-1].rpartition("/")[0])
    return directories


def _may_be_made(repository: Repository, path: str) -> bool:
    """Whether ``path`` is one that Git ignores or a submodule has, or that a template beside it becomes."""
    if repository.is_sparse or is_ignored(repository.root, path):
        return True
    if any(
        f"{path}/".startswith(f"{one}/") or f"{one}/".startswith(f"{path}/") for one in repository.submodules
    ):
        return True
    directory, name = posixpath.split(path)
    beside = repository.names_in(directory)
    return any(has_template_suffix(one) and name.lower() in one.lower() for one in beside)


def without_makeable(builds: Iterable[FoundBuild], repository: Repository) -> Iterator[FoundBuild]:
    """``builds`` without the missing files that another file of the repository may make."""
    kept = list(builds)
    wanted = {build.missing.path: _name_of(repository, build.missing.path) for build in kept if build.missing}
    made = _mentioned(repository, set(wanted.values())) if wanted else set()
    merged = _merged(build for build in kept if build.kind != "workflow step")
    for build in kept:
        missing = build.missing
        if missing and (
            _identity(build) in merged
            or build.may_differ
            or not build.certain
            or wanted[missing.path] in made
        ):
            yield replace(build, missing=None)
        else:
            yield build


def _merged(builds: Iterable[FoundBuild]) -> set[tuple[str, str]]:
    """The directories and names of the builds that several of its files define: Docker merges these."""
    files: dict[tuple[str, str], set[str]] = {}
    for build in builds:
        files.setdefault(_identity(build), set()).add(build.file)
    return {identity for identity, where in files.items() if len(where) > 1 and identity[1]}


def _identity(build: FoundBuild) -> tuple[str, str]:
    return build.file.rpartition("/")[0], build.name


def _name_of(repository: Repository, path: str) -> str:
    """The first part of ``path`` that does not exist."""
    parts = path.split("/")
    for count in range(1, len(parts)):
        if not repository.exists("/".join(parts[:count])):
            return parts[count - 1]
    return parts[-1]


def _mentioned(repository: Repository, names: set[str]) -> set[str]:
    """Those of ``names`` that a line of a file has, other than one that only uses it for a build.

    All of them where there is too much to read, or where a build may be run with other paths.
    """
    found: set[str] = set()
    left = _MOST_READ
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, sorted(names)))})(?![\w-])")
    for path in sorted(repository.files):
        name = path[path.rfind("/") + 1 :]
        text = "" if re.match(_ONLY_BUILDS, name) else _text_of(repository, path)
        left -= len(text)
        if left < 0 or (re.match(_MAY_OVERRIDE, name) and re.search(_OVERRIDES, text)):
            return names
        if pattern.search(text):
            found.update(_made_in(name, text, pattern))
    return found


def _made_in(name: str, text: str, pattern: re.Pattern[str]) -> Iterator[str]:
    """The words of ``pattern`` that a line of the file ``name`` may make."""
    only_paths = bool(re.match(_COMPOSE, name))  # services are often named like their directories
    for line in text.split("\n"):
        if re.search(_USED, line):
            continue
        for match in pattern.finditer(line):
            is_path = line[: match.start()].endswith("/") or line[match.end() :].startswith("/")
            is_common = match[0] in _NAMES
            if re.search(_MAKES, line) if is_common else is_path or not only_paths:
                yield match[0]


def _text_of(repository: Repository, path: str) -> str:
    name = path[path.rfind("/") + 1 :]
    if not re.fullmatch(_SCRIPT, name, re.IGNORECASE) or "dockerfile" in name.lower():
        return ""
    try:
        with open(repository.root / path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except OSError:
        return ""
    return "" if b"\0" in data or len(data) > _LARGEST else data.decode("utf-8", "replace")


def with_lines_of_missing(builds: Iterable[FoundBuild], text: str) -> Iterator[FoundBuild]:
    """``builds``, in a file with ``text``, with the line that names each missing file."""
    lines = text.split("\n")
    for build in builds:
        missing = build.missing
        if missing:
            yield replace(build, missing=replace(missing, line=_line_of(missing, build.line, lines)))
        else:
            yield build


def _line_of(missing: MissingFile, first: int, lines: Sequence[str]) -> int:
    if not missing.text:
        return first
    pattern = re.compile(rf"(?<![\w./-]){re.escape(missing.text)}(?![\w./-])")
    near = enumerate(lines[first - 1 : first - 1 + _LONGEST_BUILD], first)
    return next((number for number, line in near if pattern.search(line)), first)


class CheckoutState(Struct):
    """Whether the steps of a job so far leave the files of the repository as they are, at the root."""

    unchanged: bool = True

    def after(self, uses: str, inputs: Sequence[str], script: str) -> None:
        """Add a step: the action that it uses, the names of its inputs, and its script."""
        if uses:
            is_checkout = uses.startswith("actions/checkout")
            own = not {"path", "repository", "sparse-checkout"} & set(inputs)
            self.unchanged &= own if is_checkout else bool(re.match(_HARMLESS, uses))
        elif script:
            self.unchanged &= all(re.match(_HARMLESS_LINE, line) for line in script.splitlines())


_HARMLESS = (
    r"(?:docker|depot)/|actions/(?:setup-|cache)|sigstore/|aws-actions/|google-github-actions/auth|azure/"
)
_HARMLESS_LINE = (
    r"\s*(?:#|\Z|echo\b(?![^\n]*>\s*[^\s&$\"])|docker\b(?![^\n]*(?:\bcp\b|-o\b|--output|-v\b|\brun\b)))"
)
