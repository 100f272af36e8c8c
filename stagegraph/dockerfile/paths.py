"""Paths inside a stage, in the form that BuildKit gives them.

Rules: moby/buildkit util/system/path.go.
"""

from __future__ import annotations

import posixpath
import re

_DRIVE = re.compile(r"[A-Za-z]:")


def absolute(workdir: str, path: str, *, windows: bool) -> str:
    """``path`` from ``workdir``, clean; a trailing slash stays, because it means "into"."""
    path = _slashed(path, windows)
    joined = _clean(posixpath.join("/", workdir, path or "."))
    into = path.endswith(("/", "/.")) or path in ("", ".")
    return joined + "/" if into and joined != "/" else joined


def from_root(path: str, *, windows: bool) -> str:
    """A source path: from the root of what is read, clean, trailing slash kept."""
    return absolute("/", path, windows=windows)


def workdir(before: str, path: str, *, windows: bool) -> str:
    """The working directory after WORKDIR ``path``."""
    return _clean(posixpath.join("/", before, _slashed(path, windows)))


def _slashed(path: str, windows: bool) -> str:
    if not windows:
        return path
    path = path.replace("\\", "/")
    return path[2:] if _DRIVE.match(path) else path


def _clean(path: str) -> str:
    clean = posixpath.normpath(path)
    return clean[1:] if clean.startswith("//") else clean
