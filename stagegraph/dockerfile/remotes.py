"""Which sources of ADD are fetched: URLs and git references.

Rules: moby/buildkit frontend/dockerfile/dfgitutil/git_ref.go and util/gitutil/git_url.go.
"""

from __future__ import annotations

import re

_SCP = re.compile(r"[a-zA-Z0-9\-_]+@[a-zA-Z0-9\-.]+:.*\Z", re.DOTALL)
_HTTP = re.compile(r"https?://", re.IGNORECASE)


def is_git(source: str) -> bool:
    """Whether ``source`` is a git repository: git://, ssh://, user@host:path, or a URL of .git."""
    if source.startswith(("./", "../")):
        return False
    if source.startswith(("git://", "ssh://")):
        return True
    if _HTTP.match(source):
        path = re.split(r"[?#]", source, maxsplit=1)[0]
        return path.endswith(".git")
    return _SCP.match(source) is not None


def is_url(source: str) -> bool:
    """Whether ``source`` is fetched over http or https as a file."""
    return source.startswith(("http://", "https://")) and not is_git(source)


def is_remote(source: str) -> bool:
    """Whether ADD fetches ``source``, as a file or a repository."""
    return (":" in source) and (is_git(source) or is_url(source))
