"""Paths inside a stage, normalized as BuildKit does.

Rules: moby/buildkit util/system/path.go and client/llb/fileop.go, normalizePath.
"""

from __future__ import annotations

import posixpath


class PathError(ValueError):
    """A Windows path that BuildKit rejects: another drive than C:, a drive alone, a network path."""


def destination(workdir: str, path: str, *, windows: bool) -> str:
    """The destination of a copy; a slash or a dot at its end stays, because it means "into"."""
    path = _without_drive(path, windows) or "./"
    path = "./" if path == "." else path
    clean = _clean(posixpath.join("/", workdir, path))
    folder = clean if clean == "/" else f"{clean}/"
    if path.endswith("/"):
        return folder
    return f"{folder}." if path.endswith("/.") else clean


def from_root(path: str, *, windows: bool) -> str:
    """A source path from the root of the source."""
    return _clean(posixpath.join("/", _without_drive(path, windows)))


def workdir(before: str, path: str, *, windows: bool) -> str:
    """The working directory after WORKDIR ``path``; an absolute one stays as it is written."""
    path = _without_drive(path, windows) or before
    return path if path.startswith("/") else _clean(posixpath.join("/", before, path))


def is_absolute(path: str, *, windows: bool) -> bool:
    """Whether ``path`` means the same in every working directory."""
    return _without_drive(path, windows).startswith("/")


def _without_drive(path: str, windows: bool) -> str:
    """A Windows path with slashes and without its drive, which is always C:."""
    if not windows or not path:
        return path
    drive, colon, rest = path.replace("\\", "/").partition(":")
    if colon and len(path) == 2:
        raise PathError(f"{path} is a drive without a path")
    if drive.startswith("//"):
        raise PathError(f"{path} is a network path, which BuildKit does not support")
    if colon and drive.lower() != "c":
        raise PathError(f"{path} is not on the drive C:")
    kept = rest if colon else drive
    clean = posixpath.normpath(kept).replace("//", "/", 1)
    return f"{clean}/" if kept.endswith("/") and clean != "/" else clean


def _clean(path: str) -> str:
    clean = posixpath.normpath(path)
    return clean[1:] if clean.startswith("//") else clean
