"""Says what a text about a build without times of its steps is: a terminal's view, provenance, history."""

from __future__ import annotations

import re

from stagegraph.errors import InputError
from stagegraph.records.prefix import without_escapes
from stagegraph.source import Source, Span

_JSON_KINDS = (
    ("the provenance", re.compile(rb'"(?:predicateType|buildDefinition|buildConfig|slsa[^"]{0,40})"\s*:')),
    (
        "an entry of the history",
        re.compile(rb'"(?:num_?|Num)(?:Completed|Total|completed|total)_?[Ss]teps"\s*:'),
    ),
    ("the metadata", re.compile(rb'"(?:buildx\.build\.|containerimage\.)[^"]{0,80}"\s*:')),
)
_SHOWN = 500  # characters of a line


def raise_for_other_text(source: str, terminal: tuple[int, bytes] | None, json: bytes) -> None:
    """Raise InputError if the line ``terminal`` (number, text) or the object ``json`` is of a build."""
    if terminal:
        number, line = terminal
        text = without_escapes(line.decode("utf-8", "replace").rstrip())[:_SHOWN]
        raise InputError(
            "this is what a terminal shows of a build: it does not say when a step began",
            source=Source(name=source, text="", lines=_only(number, text)),
            span=Span(number, number, text.find("[+]") + 1, len("[+]")),
            hint="build with --progress=plain and pass that output, or pass the .dockerbuild bundle",
        )
    for kind, pattern in _JSON_KINDS:
        if pattern.search(json):
            raise InputError(
                f"this is {kind} of a build: it has no times of its steps",
                source=Source(name=source, text=""),
                hint="pass the bundle that `docker buildx history export -o build.dockerbuild` writes",
            )


def _only(number: int, text: str) -> tuple[str, ...]:
    return (*("",) * (number - 1), text)
