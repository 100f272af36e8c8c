"""Image references: the short name that people write to the full one that is pulled.

Rules: distribution/reference normalize.go, regexp.go and reference.go; opencontainers/go-digest.
"""

from __future__ import annotations

import re

_ALPHANUMERIC = r"[a-z0-9]+"
_COMPONENT = rf"{_ALPHANUMERIC}(?:(?:[._]|__|-+){_ALPHANUMERIC})*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(rf"((?:{_DOMAIN}/)?{_PATH})(?::({_TAG}))?(?:@({_DIGEST}))?\Z")
_IDENTIFIER = re.compile(r"[a-f0-9]{64}\Z")
_HEXADECIMAL = re.compile(r"[a-f0-9]+\Z")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
_LONGEST_PATH = 255


class ImageReferenceError(ValueError):
    """A text that is no valid image reference."""


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
    if _IDENTIFIER.match(text):
        raise ImageReferenceError("64 hexadecimal digits are an image's id, not its name")
    domain, remainder = _split_domain(text)
    before_tag = remainder.partition(":")[0]
    if before_tag.lower() != before_tag:
        raise ImageReferenceError(f"the name of an image is lower case, and {before_tag} is not")
    match = _REFERENCE.match(f"{domain}/{remainder}")
    if not match:
        raise ImageReferenceError(f"{text} is no valid image reference")
    name, tag, digest = match[1], match[2] or "", match[3] or ""
    if len(name) - len(domain) - 1 > _LONGEST_PATH:
        raise ImageReferenceError(f"the name of an image has at most {_LONGEST_PATH} characters")
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
    """Raise an ImageReferenceError when ``digest`` is none that BuildKit takes."""
    algorithm, _, encoded = digest.partition(":")
    length = _DIGEST_LENGTHS.get(algorithm)
    if length is None:
        raise ImageReferenceError(f"{algorithm} is no digest algorithm that images use")
    if len(encoded) != length or not _HEXADECIMAL.match(encoded):
        raise ImageReferenceError(f"a {algorithm} digest has {length} lower-case hexadecimal digits")
