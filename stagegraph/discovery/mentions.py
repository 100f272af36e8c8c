"""Words that a repository calls a target anywhere: in documents, scripts, settings of other tools.

A build that is not understood still says ``--target dev`` or ``"target": "dev"``. Such a word proves
no build, but who wrote it builds the stage by name, so nobody should be told that nothing needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
_FILES = re.compile(
    r"(?:.*\.(?:md|rst|adoc|txt|ya?ml|json|jsonc|toml|py|rb|groovy|gradle|kts|bzl|star|ps1|bat|cmd|tf|nix|just)"
    r"|[^.]*|.*(?:Dockerfile|Containerfile|Jenkinsfile|Tiltfile|Earthfile|Makefile|Rakefile).*|\.envrc)\Z",
    re.IGNORECASE,
)
_LARGEST = 256 * 1024


def may_mention(name: str) -> bool:
    """Whether a file called ``name`` is of a kind that people name targets in."""
    return bool(_FILES.match(name))


def mentions(text: str) -> Iterator[tuple[str, int]]:
    """Every word of ``text`` that it calls a target, in lower case, with its line."""
    if len(text) > _LARGEST or "target" not in text.lower():
        return
    for pattern in (_MENTION, _ITEMS):
        for match in pattern.finditer(text):
            line = text.count("\n", 0, match.start()) + 1
            for word in _EACH.findall(match[pattern.groups]):
                yield word.rstrip(".").lower(), line
