"""Finds the builds of bake files, in HCL and in JSON (which ``docker buildx bake --print`` prints).

Each file is read alone and without the environment: what either could change is unknown.
Rules: docs.docker.com/build/bake/reference; ``stagegraph.bake`` has them exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from stagegraph.bake.blocks import BlockTable, NamedBlock
from stagegraph.bake.definitions import Definitions
from stagegraph.bake.fields import Fields, merged
from stagegraph.bake.hcl_body import Block, Body, parse_hcl
from stagegraph.bake.json_body import parse_json
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError, has_unknown
from stagegraph.discovery.found_build import FoundBuild, MissingFile, Note, ReadingLimits
from stagegraph.discovery.missing import missing_file
from stagegraph.discovery.repository import Repository, is_remote, joined
from stagegraph.errors import BakeError

_MOST_COMBINATIONS = 256
_MOST_STEPS = 100_000  # of evaluations
_STEPS_OF_BLOCK = 50
_CWD = "cwd://"  # the directory that bake is run in
_BUILTINS = {"BAKE_CMD_CONTEXT": _CWD}
_Choice = Mapping[str, Any]  # the variables that a matrix sets
# Each part of a build that may be unknown, and its attribute.
_CHECKED = {"target": "target", "build arguments": "args", "platforms": "platforms", "contexts": "contexts"}
_READ = (*_CHECKED.values(), "context", "dockerfile", "dockerfile-inline", "inherits", "tags")


def bake_builds(path: str, text: str, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The builds of the targets of the bake file at ``path``, and notes on what is not understood."""
    try:
        body = parse_json(path, text) if path.endswith(".json") else parse_hcl(path, text)
    except BakeError as error:
        return [], [Note(file=path, line=error.line, message=f"not understood: {error.message}")]
    return _BakeFile(path, body, repository).builds()


class _Targets:
    """The targets of a file; ``hidden`` makes what the environment can set unknown."""

    def __init__(self, body: Body, limits: ReadingLimits, *, hidden: bool) -> None:
        self._limits = limits
        self._definitions = Definitions([body], {}, _BUILTINS, hidden=hidden, most_steps=_MOST_STEPS)
        self._table = BlockTable([body], self._definitions, tolerant=True)
        self._parents: dict[str, list[Block]] = {}
        for named in self._table.named:
            if named.block.type == "target":
                self._parents.setdefault(named.name, []).append(named.block)
        self._inherited: dict[str, Fields] = {}
        self._choices = {named.name: named.names for named in self._table.named}

    def choices(self, blocks: list[Block]) -> Iterator[_Choice]:
        """The variables of every target that a matrix makes; UNKNOWN for what is not known."""
        matrix: Any = None
        for block in blocks:
            attribute = block.body.attributes.get("matrix")
            try:
                matrix = self._definitions.evaluate(attribute) if attribute else matrix
            except BakeError:
                matrix = UNKNOWN
        if not isinstance(matrix, dict):
            matrix = {}
        values = [value if isinstance(value, list) else [UNKNOWN] for value in matrix.values()]
        for choice in islice(product(*values), _MOST_COMBINATIONS):
            yield dict(zip(matrix, choice, strict=True))

    def fields(self, blocks: list[Block], choice: _Choice) -> Fields:
        """The own attributes of a target that builds read; UNKNOWN for what is not known."""
        fields: Fields = {}
        self._limits.spend(_STEPS_OF_BLOCK * len(blocks))
        for block in blocks:
            named = NamedBlock(block, block.labels[0], choice, self._definitions)
            fields = merged(fields, {key: _read(named, key) for key in _READ})
        return fields

    def parent(self, name: str) -> Fields | None:
        """The own attributes of a target by the name that its matrix gives it; None without one."""
        if name not in self._parents:
            return None
        if name not in self._inherited:
            self._inherited[name] = self.fields(self._parents[name], self._choices[name])
        return self._inherited[name]

    def members(self, block: Block) -> list[str]:
        """The names that a group lists."""
        value = _read(NamedBlock(block, "", {}, self._definitions), "targets")
        return value if isinstance(value, list) else []


def _read(block: NamedBlock, key: str) -> Any:
    try:
        return block.read(key)
    except (BakeError, UnsuitableValueError):
        return UNKNOWN


class _BakeFile:
    def __init__(self, path: str, body: Body, repository: Repository) -> None:
        self._path = path
        self._limits = ReadingLimits()
        self._repository = repository
        self._notes: dict[Note, None] = {}  # each once, in order
        self._is_override = ".override." in path  # docker buildx bake merges it over another file
        self._blocks: dict[str, list[Block]] = {}
        for block in body.of_type("target"):
            if len(block.labels) == 1:
                self._blocks.setdefault(block.labels[0], []).append(block)
        self._targets = _Targets(body, self._limits, hidden=False)
        self._settable = _Targets(body, self._limits, hidden=True)
        self._parents = {one for name in self._blocks for one in _names(self._own(name), "inherits")}
        groups = body.of_type("group")
        self._grouped = {name for block in groups for name in self._targets.members(block)}

    def builds(self) -> tuple[list[FoundBuild], list[Note]]:
        builds: list[FoundBuild] = []
        for name, blocks in self._blocks.items():
            if self._is_only_parent(name):
                continue
            for choice in self._targets.choices(blocks):
                builds.extend(self._builds_of(name, choice))
        return builds, list(self._notes)

    def _own(self, name: str) -> Fields:
        return self._targets.fields(self._blocks[name], {})

    def _is_only_parent(self, name: str) -> bool:
        """Whether a target is there to be inherited from and so need not be built itself."""
        if name not in self._parents or name in self._grouped:
            return False
        _, fields = self._inherited(name, self._targets, {})
        return fields.get("target") is None

    def _inherited(self, name: str, targets: _Targets, choice: _Choice) -> tuple[bool, Fields]:
        """Whether all parents are in this file, and the attributes with those of all parents.

        A later parent wins over an earlier one, and a target over its parents.
        """
        fields = targets.fields(self._blocks[name], choice)
        lineage = {name: fields}
        waiting, complete = list(_names(fields, "inherits")), fields.get("inherits") is not UNKNOWN
        while waiting:
            parent = waiting.pop()
            self._limits.spend(_STEPS_OF_BLOCK)
            if parent in lineage:
                continue
            inherited = targets.parent(parent)
            complete = complete and inherited is not None
            lineage[parent] = inherited or {}
            waiting.extend(_names(lineage[parent], "inherits"))
        result: Fields = {}
        for one in reversed(lineage.values()):
            result = merged(result, {key: value for key, value in one.items() if key != "inherits"})
        return complete, result

    def _builds_of(self, name: str, choice: _Choice) -> Iterator[FoundBuild]:
        complete, values = self._inherited(name, self._targets, choice)
        context = values.get("context") or "."
        if values.get("dockerfile-inline") or (isinstance(context, str) and is_remote(_local(context))):
            return
        unknown = {what for what, key in _CHECKED.items() if has_unknown(values.get(key))}
        if self._inherited(name, self._settable, choice)[1].get("target") is UNKNOWN:
            unknown.add("target")
        dockerfiles = self._dockerfiles(context, values.get("dockerfile"))
        if not dockerfiles:
            unknown.add("dockerfile")
        missing = None if dockerfiles else self._missing(name, choice)
        block = self._blocks[name][0]
        line = block.lines.line(block.start)
        self._note(line, name, unknown)
        for position, dockerfile in enumerate(dockerfiles or [None]):
            self._limits.build()
            yield FoundBuild(
                file=self._path,
                line=line,
                kind="bake target",
                name=name,
                dockerfile=dockerfile,
                target=_target(values.get("target")),
                build_args=_texts(values.get("args")),
                platforms=tuple(_names(values, "platforms")),
                contexts=tuple(sorted(_texts(values.get("contexts")))),
                context_values=_texts(values.get("contexts")),
                tags=tuple(one for one in _names(values, "tags") if isinstance(one, str)),
                unknown=frozenset(unknown),
                # another file may complete it: the file that this one overrides, or a parent's
                certain=position == 0 and complete and not self._is_override,
                may_differ=len(dockerfiles) > 1,
                missing=missing,
            )

    def _missing(self, name: str, choice: _Choice) -> MissingFile | None:
        """What does not exist of a target whose paths are written in the file, without variables."""
        if choice or (name in self._parents and name not in self._grouped):
            return None
        values = self._inherited(name, self._settable, choice)[1]
        context, dockerfile = values.get("context") or "", values.get("dockerfile") or ""
        if not isinstance(context, str) or not isinstance(dockerfile, str):
            return None
        return missing_file(self._repository, self._path.rpartition("/")[0], context, dockerfile)

    def _dockerfiles(self, context: Any, name: Any) -> list[str]:
        """The Dockerfiles that may be meant: bake resolves paths against the directory it is run in.

        That is taken to be the directory of the file or the root of the repository.
        """
        if not isinstance(context, str) or name is UNKNOWN:
            return []
        here = self._path.rpartition("/")[0]
        paths = [self._dockerfile(start, context, name or None) for start in dict.fromkeys([here, ""])]
        return list(dict.fromkeys(path for path in paths if path))

    def _dockerfile(self, start: str, context: str, name: str | None) -> str | None:
        if name is not None and name.startswith(_CWD):
            path = joined(start, _local(name))
            return path if path is not None and self._repository.has(path) else None
        return self._repository.dockerfile(start, _local(context), name)

    def _note(self, line: int, name: str, unknown: set[str]) -> None:
        if unknown:
            message = f"bake target {name}: {', '.join(sorted(unknown))} not understood"
            self._notes[Note(file=self._path, line=line, message=message, of_build=True)] = None


def _local(path: str) -> str:
    return path.removeprefix(_CWD)


def _target(value: Any) -> str | None:
    return value if isinstance(value, str) else ("" if value is None else None)


def _texts(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {name: one for name, one in items if isinstance(one, str)}


def _names(fields: Fields, key: str) -> list[str]:
    value = fields.get(key)
    return value if isinstance(value, list) else []
