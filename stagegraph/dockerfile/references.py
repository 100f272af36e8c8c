"""Image references, short and full, and the addresses that ADD downloads from.

Rules: distribution/reference normalize.go, regexp.go and reference.go; opencontainers/go-digest;
moby/buildkit frontend/dockerfile/dfgitutil/git_ref.go, util/gitutil/git_url.go and util/sshutil/scpurl.go.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from stagegraph.dockerfile.mounts import FALSE, TRUE

_SCP = r"[a-zA-Z0-9\-_]+@[a-zA-Z0-9\-.]+:"
_SCHEME = r"(?i:(https?|git|ssh)://)"
_SWITCHES = frozenset({"submodules", "keep-git-dir", "fetch-by-commit"})
_WORDS = frozenset({"ref", "tag", "branch", "subdir", "checksum", "commit", "mtime"})
_ALPHANUMERIC = r"[a-z0-9]+"
_COMPONENT = rf"{_ALPHANUMERIC}(?:(?:[._]|__|-+){_ALPHANUMERIC})*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"((?:{_DOMAIN}/)?{_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?\Z")
_IDENTIFIER = r"[a-f0-9]{64}\Z"
_HEXADECIMAL = r"[a-f0-9]+\Z"
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST_PATH = 255


class ImageReferenceError(ValueError):
    """A text that is not a valid image reference."""


def full_reference(text: str) -> str:
    """``text`` with registry, namespace and tag: ``node`` is ``docker.io/library/node:latest``."""
    name, tag, digest = _parsed(text)
    if not tag and not digest:
        tag = "latest"
    return name + (f":{tag}" if tag else "") + (f"@{digest}" if digest else "")


def familiar_reference(text: str) -> str:
    """``text`` as short as Docker shows it: no docker.io, no library, no :latest."""
    full = full_reference(text)
    short = (
        full.removeprefix("docker.io/").removeprefix("library/") if full.startswith("docker.io/") else full
    )
    return short.removesuffix(":latest")


def _parsed(text: str) -> tuple[str, str, str]:
    if len(text) == 64 and re.match(_IDENTIFIER, text):
        raise ImageReferenceError("64 hexadecimal digits are an image ID, not an image name")
    domain, remainder = _split_domain(text)
    before_tag = remainder.partition(":")[0]
    if before_tag.lower() != before_tag:
        raise ImageReferenceError(f"image names must be lower case, not `{before_tag}`")
    match = _REFERENCE.match(f"{domain}/{remainder}")
    if not match:
        raise ImageReferenceError(f"invalid image reference `{text}`")
    name, tag, digest = match[1], match[2] or "", match[3] or ""
    if len(name) - len(domain) - 1 > _LONGEST_PATH:
        raise ImageReferenceError(f"image names have at most {_LONGEST_PATH} characters")
    if digest:
        check_digest(digest)
    return name, tag, digest


def _split_domain(text: str) -> tuple[str, str]:
    first, slash, rest = text.partition("/")
    is_domain = slash and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    domain, remainder = (first, rest) if is_domain else ("docker.io", text)
    if domain == "index.docker.io":
        domain = "docker.io"
    if domain == "docker.io" and "/" not in remainder:
        remainder = f"library/{remainder}"
    return domain, remainder


def check_digest(digest: str) -> None:
    """Raise an ImageReferenceError if BuildKit does not accept ``digest``."""
    algorithm, _, encoded = digest.partition(":")
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None:
        raise ImageReferenceError(f"unknown digest algorithm `{algorithm}`")
    if len(encoded) != length or not re.match(_HEXADECIMAL, encoded):
        raise ImageReferenceError(f"a {algorithm} digest needs {length} lower-case hexadecimal digits")


class RemoteError(ValueError):
    """A git reference that BuildKit rejects."""


def is_git(source: str) -> bool:
    """Whether ``source`` is a git repository: git://, ssh://, user@host:path, or a URL of .git."""
    if source.startswith(("./", "../", "github.com/")):
        return False
    match = re.match(_SCHEME, source)
    if not match:
        return re.match(_SCP, source) is not None
    if match[1].lower() in ("git", "ssh"):
        return True
    return _path(source).endswith(".git")


def is_url(source: str) -> bool:
    """Whether ``source`` is a file that is downloaded over http or https."""
    return source.startswith(("http://", "https://")) and not is_git(source)


def is_remote(source: str) -> bool:
    """Whether ADD downloads ``source``, as a file or a repository."""
    return (":" in source) and (is_git(source) or is_url(source))


def file_name(source: str) -> str:
    """The name of the file that is downloaded from the URL ``source``."""
    path = _path(source).partition("://")[2].partition("/")[2]
    return posixpath.basename(path.rstrip("/")) or "__unnamed__"


def _path(source: str) -> str:
    """An address without its query and fragment, percent-decoded."""
    from urllib.parse import unquote

    return unquote(re.split(r"[?#]", source, maxsplit=1)[0])


def git_key(source: str, *, keep: bool | None, checksum: str) -> tuple[str, ...]:
    """The identity of a git reference as a download; RemoteError if BuildKit rejects it.

    ``keep`` and ``checksum`` are the flags of ADD; they must not contradict the address.
    """
    address, _, fragment = source.partition("#")
    address, _, query = address.partition("?")
    asked = _parameters(query)
    ref, _, folder = fragment.partition(":")
    ref = _ref(ref, asked)
    folder = posixpath.normpath(f"/{folder}").lstrip("/")
    folder = _same("subdir", folder, asked.get("subdir", ""))
    checksum = _same("checksum", checksum, asked.get("checksum") or asked.get("commit", ""))
    if "keep-git-dir" in asked:
        kept = asked["keep-git-dir"]
        if keep is not None and str(keep) != kept:
            raise RemoteError(f"{source} contradicts --keep-git-dir")
    else:
        kept = str(bool(keep))
    others = tuple(asked.get(name, "") for name in ("submodules", "mtime", "fetch-by-commit"))
    return (address, ref, folder, checksum, kept, *others)


def _parameters(query: str) -> Mapping[str, str]:
    from urllib.parse import parse_qs

    parameters = {}
    for name, values in parse_qs(query, keep_blank_values=True).items():
        if name not in _SWITCHES and name not in _WORDS:
            raise RemoteError(f"unknown parameter {name} in the query of a git reference")
        if len(values) > 1 or (not values[0] and name not in _SWITCHES):
            raise RemoteError(f"{name} in the query of a git reference needs exactly one value")
        parameters[name] = _switch(name, values[0]) if name in _SWITCHES else values[0]
    if parameters.get("mtime", "commit") not in ("checkout", "commit"):
        raise RemoteError("mtime of a git reference must be checkout or commit")
    return parameters


def _switch(name: str, value: str) -> str:
    if value and value not in TRUE | FALSE:
        raise RemoteError(f"{name} of a git reference must be true or false, not {value}")
    return str(value not in FALSE)


def _ref(ref: str, asked: Mapping[str, str]) -> str:
    ref = _same("ref", ref, asked.get("ref", ""))
    if "tag" in asked and "branch" in asked:
        raise RemoteError("a git reference can name a tag or a branch, not both")
    for name, prefix in (("tag", "refs/tags/"), ("branch", "refs/heads/")):
        if name in asked:
            ref = _same("ref", ref, prefix + asked[name].removeprefix(prefix))
    return ref


def _same(what: str, one: str, other: str) -> str:
    if one and other and one != other:
        raise RemoteError(f"a git reference has two values for {what}: {one} and {other}")
    return one or other
