"""Reads the records of BuildKit's cache and finds the steps of a build among them.

The records are those of ``docker buildx du --format json`` or ``--verbose``. One builder's list has the
records of many builds, so a record belongs to a step only if its description is that of the step and its
parents are records of the inputs of the step. Source of the descriptions: moby/buildkit, cache/refs.go and
solver/llbsolver/mounts.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from stagegraph.dockerfile.actions import RunAction
from stagegraph.errors import InputError
from stagegraph.graph.build import Build
from stagegraph.graph.steps import RawStep
from stagegraph.model import StepKind
from stagegraph.records.provenance import as_dict, as_list
from stagegraph.source import Source
from stagegraph.timings.step_names import step_name, without_digests

_HINT = "write it with `docker buildx du --format json` or `docker buildx du --verbose`"
_UNITS = {"B": 1, "kB": 10**3, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)\s?([kKMGT]?B)\Z")
_MOST_RECORDS = 200_000
_LARGEST = 256 * 1024 * 1024  # bytes
_PULLED = "pulled from "
_EXEC = "mount / from exec "


class CacheRecord(Struct, frozen=True, kw_only=True):
    """One record of BuildKit's cache."""

    id: str
    parents: tuple[str, ...]
    description: str
    bytes: int
    type: str  # "regular", "source.local", "exec.cachemount", ...


class Usage(Struct, frozen=True, kw_only=True):
    """The bytes of the steps of a build, as BuildKit's cache keeps them.

    ``steps`` is by position in ``Build.steps``, without those that are not in the cache; a step that loads an
    image has the sum of the layers of that image. ``ambiguous`` has the positions for which several
    records of different size are possible: they have no bytes.
    """

    steps: Mapping[int, int]
    layers: Mapping[int, Mapping[str, int]]  # of steps that load an image: the bytes of its layers by record
    ambiguous: frozenset[int]
    cache_mounts: int  # bytes of all cache mounts of the builder


def read_usage_file(path: str) -> tuple[CacheRecord, ...]:
    """The records in the file ``path``; InputError if it cannot be read or has none."""
    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}", hint=_HINT) from None
    if len(data) > _LARGEST:
        raise InputError(f"{path}: the file is larger than {_LARGEST // 2**20} MiB")
    return read_usage(data.decode("utf-8", "replace"), path)


def read_usage(text: str, name: str) -> tuple[CacheRecord, ...]:
    """The records in ``text``: JSON lines, a JSON list or the verbose form; InputError for other text."""
    try:
        records = tuple(_of_json(text) if text.lstrip()[:1] in ("{", "[") else _of_verbose(text))
    except (ValueError, RecursionError) as error:
        line = str(error) if str(error).startswith("line ") else ""
        raise InputError(
            line or "these are not the records of a cache", source=Source(name=name, text=""), hint=_HINT
        ) from None
    if not records:
        raise InputError("there is no record of a cache here", source=Source(name=name, text=""), hint=_HINT)
    if len(records) > _MOST_RECORDS:
        raise InputError(f"there are more than {_MOST_RECORDS:,} records", source=Source(name=name, text=""))
    return records


def _of_json(text: str) -> Iterator[CacheRecord]:
    if text.lstrip().startswith("["):
        yield from (one for row in as_list(json.loads(text)) if (one := _record(as_dict(row))))
        return
    for number, line in enumerate(text.split("\n"), 1):
        try:
            record = _record(as_dict(json.loads(line))) if line.strip() else None
        except (ValueError, RecursionError):
            raise ValueError(f"line {number} is not a record of a cache") from None
        if record:
            yield record


def _record(row: Mapping[str, Any]) -> CacheRecord | None:
    """A record as JSON has it; None for another object, ValueError if its size cannot be read."""
    if not isinstance(row.get("ID"), str):
        return None
    return CacheRecord(
        id=row["ID"],
        parents=tuple(one for one in as_list(row.get("Parents")) if isinstance(one, str)),
        description=str(row.get("Description") or ""),
        bytes=_bytes(row.get("Size")),
        type=str(row.get("Type") or ""),
    )


def _of_verbose(text: str) -> Iterator[CacheRecord]:
    for block in re.split(r"\n(?=ID:\s)", text):
        fields: dict[str, str] = {}
        parents = []
        key = ""
        for line in block.split("\n"):
            name, colon, value = line.partition(":")
            if line.startswith(" - ") and key in ("Parents", "Parent"):
                parents.append(line[3:].strip())
            elif colon and name in _FIELDS:
                key = name
                fields[key] = value.strip()
            elif key == "Description":
                fields[key] += "\n" + line
        if fields.get("ID"):
            if fields.get("Parent"):
                parents.append(fields["Parent"])
            yield CacheRecord(
                id=fields["ID"],
                parents=tuple(parents),
                description=fields.get("Description", ""),
                bytes=_bytes(fields.get("Size")),
                type=fields.get("Type", ""),
            )


_FIELDS = frozenset(
    (
        "ID",
        "Parent",
        "Parents",
        "Created at",
        "Mutable",
        "Reclaimable",
        "Shared",
        "Size",
        "Description",
        "Type",
        "Usage count",
        "Last used",
    )
)


def _bytes(value: object) -> int:
    """The bytes of a size in decimal units, as docker/go-units writes it, or of a number."""
    if isinstance(value, int):
        return max(0, value)
    match = _SIZE.match(str(value).strip())
    if not match:
        raise ValueError(f"{value!r} is not a size")
    return round(float(match[1]) * _UNITS[match[2]])


def usage_of(build: Build, records: Sequence[CacheRecord]) -> Usage:
    """The bytes of the steps of ``build`` among ``records``."""
    matches = _Matches(build, records)
    sizes: dict[int, int] = {}
    layers: dict[int, Mapping[str, int]] = {}
    ambiguous = set()
    for position, found in enumerate(matches.by_step):
        amounts = {sum(matches.layers_of(position, one).values()) for one in found}
        if len(amounts) == 1:
            sizes[position] = amounts.pop()
            if build.steps[position].kind is StepKind.SOURCE:
                layers[position] = matches.layers_of(position, min(found))
        elif amounts:
            ambiguous.add(position)
    mounts = sum(record.bytes for record in records if record.type == "exec.cachemount")
    return Usage(steps=sizes, layers=layers, ambiguous=frozenset(ambiguous), cache_mounts=mounts)


class _Matches:
    """For each step of a build the records that can be its own."""

    def __init__(self, build: Build, records: Sequence[CacheRecord]) -> None:
        self._steps = build.steps
        self._records = {record.id: record for record in records}
        self._children = _children(records)
        self._by_description: dict[str, set[str]] = defaultdict(set)
        for record in records:
            for text in {_plain(record.description), _text(record.description)}:
                self._by_description[text].add(record.id)
        commands = _commands(build)
        self.by_step: list[frozenset[str]] = []
        for step in self._steps:
            self.by_step.append(self._on_input(step, self._described(step, commands)))
        for position in range(len(self._steps) - 1, -1, -1):
            self._upwards(position)

    def _described(self, step: RawStep, commands: Mapping[str, str]) -> frozenset[str]:
        """The records that ``step`` can have written by their description.

        BuildKit keeps the description of the first build, so an equal step of a stage of another name has
        another bracket, and an equal image another name.
        """
        if step.kind is StepKind.EXEC:
            return self._called(_EXEC + commands.get(step.name, ""))
        if step.kind is StepKind.SOURCE and step.source.startswith("image:"):
            own = self._tops(self._called(_PULLED + step.source.removeprefix("image:")))
            pulled = (
                one for text, ids in self._by_description.items() if text.startswith(_PULLED) for one in ids
            )
            return own or frozenset(pulled)
        return self._called(_text(step.name))

    def _called(self, description: str) -> frozenset[str]:
        return frozenset(self._by_description.get(description, ()))

    def _tops(self, records: frozenset[str]) -> frozenset[str]:
        """The records of the last layer of an image, out of those of all its layers."""
        return frozenset(one for one in records if not self._children[one] & records)

    def _on_input(self, step: RawStep, candidates: frozenset[str]) -> frozenset[str]:
        """``candidates`` whose parent is a record of what ``step`` runs on, or else those without a parent.

        Mounts and the sources of COPY are not parents.
        """
        if step.kind is StepKind.SOURCE:
            return candidates
        below = self.by_step[step.onto] if step.onto is not None else frozenset()
        on_input = frozenset(one for one in candidates if below.intersection(self._records[one].parents))
        return on_input or frozenset(one for one in candidates if not self._records[one].parents)

    def _upwards(self, position: int) -> None:
        """Keep the records of what a step runs on that are parents of a record of the step."""
        step = self._steps[position]
        if step.onto is None or not self.by_step[position]:
            return
        first = step.onto
        parents = {parent for one in self.by_step[position] for parent in self._records[one].parents}
        self.by_step[first] = (self.by_step[first] & parents) or self.by_step[first]

    def layers_of(self, position: int, record: str) -> dict[str, int]:
        """The bytes of one record of a step; of an image those of the records of all layers."""
        if self._steps[position].kind is not StepKind.SOURCE:
            return {record: self._records[record].bytes}
        layers: dict[str, int] = {}
        waiting = [record]
        while waiting:
            one = waiting.pop()
            if one not in layers and one in self._records:
                layers[one] = self._records[one].bytes
                waiting.extend(self._records[one].parents)
        return layers


def _children(records: Iterable[CacheRecord]) -> dict[str, set[str]]:
    children: dict[str, set[str]] = defaultdict(set)
    for record in records:
        for parent in record.parents:
            children[parent].add(record.id)
    return children


def _commands(build: Build) -> dict[str, str]:
    """The words of every RUN by the name of its step."""
    return {
        action.name: _plain(" ".join(action.words))
        for one in build.target_builds
        for stage in one.actions
        for action in stage.actions
        if isinstance(action, RunAction)
    }


def _plain(description: str) -> str:
    return without_digests(description).rstrip()


def _text(description: str) -> str:
    """A description without the bracket that has the name of the stage."""
    name = step_name(description)
    return name.text.rstrip() if name else _plain(description)
