"""Which sources of ADD are fetched, and what an address asks for: URLs and git references.

Rules: moby/buildkit frontend/dockerfile/dfgitutil/git_ref.go, util/gitutil/git_url.go and
util/sshutil/scpurl.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from stagegraph.dockerfile.mounts import FALSE, TRUE

_SCP = re.compile(r"[a-zA-Z0-9\-_]+@[a-zA-Z0-9\-.]+:.*\Z", re.DOTALL)
_SCHEME = re.compile(r"(https?|git|ssh)://", re.IGNORECASE)
_SWITCHES = frozenset({"submodules", "keep-git-dir", "fetch-by-commit"})
_WORDS = frozenset({"ref", "tag", "branch", "subdir", "checksum", "commit", "mtime"})


class RemoteError(ValueError):
    """A git reference that BuildKit refuses."""


def is_git(source: str) -> bool:
    """Whether ``source`` is a git repository: git://, ssh://, user@host:path, or a URL of .git."""
    if source.startswith(("./", "../", "github.com/")):
        return False
    match = _SCHEME.match(source)
    if not match:
        return _SCP.match(source) is not None
    if match[1].lower() in ("git", "ssh"):
        return True
    return unquote(re.split(r"[?#]", source, maxsplit=1)[0]).endswith(".git")


def is_url(source: str) -> bool:
    """Whether ``source`` is fetched over http or https as a file."""
    return source.startswith(("http://", "https://")) and not is_git(source)


def is_remote(source: str) -> bool:
    """Whether ADD fetches ``source``, as a file or a repository."""
    return (":" in source) and (is_git(source) or is_url(source))


def file_name(source: str) -> str:
    """What the file at the URL ``source`` is called once it is fetched."""
    path = unquote(re.split(r"[?#]", source, maxsplit=1)[0].partition("://")[2].partition("/")[2])
    return posixpath.basename(path.rstrip("/")) or "__unnamed__"


def git_key(source: str, *, keep: bool | None, checksum: str) -> tuple[str, ...]:
    """What makes a git reference the same download as another; RemoteError where it is refused.

    ``keep`` and ``checksum`` are the flags of ADD, which must not contradict the address.
    """
    address, _, fragment = source.partition("#")
    address, _, query = address.partition("?")
    asked = _asked(query)
    ref, _, folder = fragment.partition(":")
    ref = _ref(ref, asked)
    folder = posixpath.normpath(f"/{folder}").lstrip("/")
    folder = _same("subdir", folder, asked.get("subdir", ""))
    checksum = _same("checksum", checksum, asked.get("checksum") or asked.get("commit", ""))
    if "keep-git-dir" in asked:
        kept = asked["keep-git-dir"]
        if keep is not None and str(keep) != kept:
            raise RemoteError(f"{source} and --keep-git-dir say different things")
    else:
        kept = str(bool(keep))
    others = tuple(asked.get(name, "") for name in ("submodules", "mtime", "fetch-by-commit"))
    return (address, ref, folder, checksum, kept, *others)


def _asked(query: str) -> Mapping[str, str]:
    found = {}
    for name, values in parse_qs(query, keep_blank_values=True).items():
        if name not in _SWITCHES and name not in _WORDS:
            raise RemoteError(f"the query of a git reference has no {name}")
        if len(values) > 1 or (not values[0] and name not in _SWITCHES):
            raise RemoteError(f"the query of a git reference gives {name} one value")
        found[name] = _switch(name, values[0]) if name in _SWITCHES else values[0]
    if found.get("mtime", "commit") not in ("checkout", "commit"):
        raise RemoteError("mtime of a git reference is checkout or commit")
    return found


def _switch(name: str, value: str) -> str:
    if value and value not in TRUE | FALSE:
        raise RemoteError(f"{name} of a git reference is true or false, not {value}")
    return str(value not in FALSE)


def _ref(ref: str, asked: Mapping[str, str]) -> str:
    ref = _same("ref", ref, asked.get("ref", ""))
    if "tag" in asked and "branch" in asked:
        raise RemoteError("a git reference names a tag or a branch, not both")
    for name, prefix in (("tag", "refs/tags/"), ("branch", "refs/heads/")):
        if name in asked:
            ref = _same("ref", ref, prefix + asked[name].removeprefix(prefix))
    return ref


def _same(what: str, one: str, other: str) -> str:
    if one and other and one != other:
        raise RemoteError(f"a git reference has two values of {what}: {one} and {other}")
    return one or other
