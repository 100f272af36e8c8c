"""Parser directives at the top of a file: ``# syntax=``, ``# escape=``, ``# check=``.

Rules: moby/buildkit frontend/dockerfile/parser/directives.go.
"""

from __future__ import annotations

import re

from stagegraph.dockerfile.mounts import FALSE, TRUE
from stagegraph.dockerfile.whitespace import SPACE

_DIRECTIVE = re.compile(r"([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*\Z")
_NAMES = frozenset({"syntax", "escape", "check"})


class DirectiveError(ValueError):
    """A directive is given twice, or the escape character is none of the two."""


class Directives:
    """Reads directives line by line until the first line that is none."""

    def __init__(self) -> None:
        self.escape = "\\"
        self.values: dict[str, str] = {}
        self.done = False  # a line that is none was met: no directive counts after it

    def read(self, line: str) -> bool:
        """Whether ``line``, stripped at its left and of its end, is a directive that counts."""
        if self.done:
            return False
        match = _DIRECTIVE.match(line[1:].lstrip(SPACE)) if line.startswith("#") else None
        name = match[1].lower() if match else ""
        if match is None or name not in _NAMES:
            self.done = True
            return False
        self._set(name, match[2])
        return True

    def _set(self, name: str, value: str) -> None:
        if name in self.values:
            raise DirectiveError(f"the {name} directive is given twice")
        self.values[name] = value
        if name == "escape":
            if value not in ("\\", "`"):
                raise DirectiveError(f"the escape character must be \\ or `, not {value}")
            self.escape = value
        elif name == "check":
            _check_options(value)


def _check_options(text: str) -> None:
    """Raise a DirectiveError for what is no setting of BuildKit's checks (linter.go, ParseLintOptions)."""
    for option in text.strip(SPACE).split(";", 1):
        name, equals, value = (part.strip(SPACE) for part in option.partition("="))
        if not equals or name not in ("skip", "error", "experimental"):
            raise DirectiveError(f"the check directive has no option {name or option}")
        if name == "error" and value not in TRUE | FALSE:
            raise DirectiveError(f"error of the check directive is true or false, not {value}")
