"""Finds the builds of bake files, in HCL and in JSON (which ``docker buildx bake --print`` prints).

Rules: docs.docker.com/build/bake/reference.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from msgspec.structs import replace

from stagegraph.discovery.found_build import FoundBuild, Note, ReadingLimits
from stagegraph.discovery.hcl_expression import evaluate, scope_of
from stagegraph.discovery.hcl_file import HclError, HclFile, Node, read_hcl, read_json
from stagegraph.discovery.hcl_functions import UNKNOWN, is_known, to_text
from stagegraph.discovery.repository import Repository, is_remote, joined

_MOST_COMBINATIONS = 256
_CWD = "cwd://"  # the directory that bake is run in
_Layers = dict[str, list[Node]]
# Each part of a build that may be unknown, and its attribute.
_CHECKED = {"target": "target", "build arguments": "args", "platforms": "platforms", "contexts": "contexts"}
_READ = (*_CHECKED.values(), "context", "dockerfile")


def bake_builds(path: str, text: str, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The builds of the targets of the bake file at ``path``, and notes on what is not understood."""
    try:
        file = read_json(text) if path.endswith(".json") else read_hcl(text)
    except HclError as error:
        return [], [Note(file=path, line=None, message=f"not understood: {error}")]
    return _BakeFile(path, file, repository).builds()


class _BakeFile:
    def __init__(self, path: str, file: HclFile, repository: Repository) -> None:
        self._path = path
        self._limits = ReadingLimits()
        self._targets = file.of_type("target")
        self._repository = repository
        self._notes: dict[Note, None] = {}  # each once, in order
        self._scope = scope_of(file)
        self._is_override = ".override." in path  # docker buildx bake merges it over another file
        self._inherits = {
            name: _strings(evaluate(target.attributes.get("inherits"), self._scope))
            for name, target in self._targets.items()
        }
        self._parents = {parent for parents in self._inherits.values() for parent in parents}
        self._grouped = {
            name
            for group in file.of_type("group").values()
            for name in _strings(evaluate(group.attributes.get("targets"), self._scope))
        }

    def builds(self) -> tuple[list[FoundBuild], list[Note]]:
        builds: list[FoundBuild] = []
        for name in self._targets:
            layers = self._layers(name)
            if not self._is_only_parent(name, layers):
                for choice in self._matrix(layers):
                    builds.extend(self._builds_of(name, layers, choice))
        return builds, list(self._notes)

    def _is_only_parent(self, name: str, layers: _Layers) -> bool:
        """Whether a target is there to be inherited from and so need not be built itself."""
        return name in self._parents and name not in self._grouped and "target" not in layers

    def _layers(self, name: str) -> _Layers:
        """Every value of each attribute: inherited ones first, the own one last."""
        layers: _Layers = {}
        for one in reversed(self._lineage(name)):
            target = self._targets.get(one)
            for key, node in target.attributes.items() if target else ():
                if one == name or key not in ("matrix", "name"):
                    layers.setdefault(key, []).append(node)
        return layers

    def _lineage(self, name: str) -> list[str]:
        """A target and all that it inherits from, each once, the one that wins first."""
        lineage: dict[str, None] = {}
        waiting = [name]
        while waiting:
            one = waiting.pop()
            self._limits.spend(10)
            if one not in lineage:
                lineage[one] = None
                waiting.extend(self._inherits.get(one, ()))  # a later parent wins over an earlier one
        return list(lineage)

    def _matrix(self, layers: _Layers) -> Iterator[dict[str, Any]]:
        """The variables of every target that a matrix makes."""
        matrix = evaluate(layers.get("matrix", [None])[-1], self._scope)
        if not isinstance(matrix, dict):
            matrix = {}
        values = [value if isinstance(value, list) else [UNKNOWN] for value in matrix.values()]
        for choice in islice(product(*values), _MOST_COMBINATIONS):
            yield dict(zip(matrix, choice, strict=True))

    def _builds_of(self, name: str, layers: _Layers, choice: Mapping[str, Any]) -> Iterator[FoundBuild]:
        scope = self._scope.with_values(choice)
        values = {key: _merged([evaluate(node, scope) for node in layers.get(key, ())]) for key in _READ}
        context = "." if values["context"] is None else values["context"]
        inline = _merged([evaluate(node, scope) for node in layers.get("dockerfile-inline", ())])
        if inline is not None or (isinstance(context, str) and is_remote(_local(context))):
            return
        unknown = {what for what, key in _CHECKED.items() if not is_known(values[key])}
        if self._is_settable(layers, values["target"], choice):
            unknown.add("target")
        dockerfiles = self._dockerfiles(context, values["dockerfile"])
        if not dockerfiles:
            unknown.add("dockerfile")
        line = self._targets[name].line
        self._note(line, name, unknown)
        for position, dockerfile in enumerate(dockerfiles or [None]):
            self._limits.build()
            yield FoundBuild(
                file=self._path,
                line=line,
                kind="bake target",
                name=name,
                dockerfile=dockerfile,
                target=_target(values["target"]),
                build_args=_texts(values["args"]),
                platforms=_strings(values["platforms"]),
                contexts=tuple(sorted(_texts(values["contexts"]))),
                unknown=frozenset(unknown),
                certain=position == 0 and not self._is_partial(name),
                may_differ=len(dockerfiles) > 1,
            )

    def _is_partial(self, name: str) -> bool:
        """Whether another file may complete a target: the file that this one overrides, or a parent's."""
        return self._is_override or any(one not in self._targets for one in self._lineage(name))

    def _is_settable(self, layers: _Layers, target: Any, choice: Mapping[str, Any]) -> bool:
        """Whether a target comes from a variable of the file: the environment overrides those."""
        without_variables = replace(self._scope, values=choice)
        nodes = layers.get("target", ())
        return target is not UNKNOWN and not is_known(
            _merged([evaluate(node, without_variables) for node in nodes])
        )

    def _dockerfiles(self, context: Any, name: Any) -> list[str]:
        """The Dockerfiles that may be meant: bake resolves paths against the directory it is run in.

        That is taken to be the directory of the file or the root of the repository.
        """
        if not isinstance(context, str) or name is UNKNOWN:
            return []
        here = self._path.rpartition("/")[0]
        paths = [self._dockerfile(start, context, name) for start in dict.fromkeys([here, ""])]
        return list(dict.fromkeys(path for path in paths if path))

    def _dockerfile(self, start: str, context: str, name: Any) -> str | None:
        if isinstance(name, str) and name.startswith(_CWD):
            path = joined(start, _local(name))
            return path if path is not None and self._repository.has(path) else None
        return self._repository.dockerfile(start, _local(context), name if isinstance(name, str) else None)

    def _note(self, line: int, name: str, unknown: set[str]) -> None:
        if unknown:
            message = f"bake target {name}: {', '.join(sorted(unknown))} not understood"
            self._notes[Note(file=self._path, line=line, message=message, of_build=True)] = None


def _merged(values: list[Any]) -> Any:
    """The last value that is not null; maps are merged key by key, as bake does with args and contexts."""
    values = [value for value in values if value is not None]
    tables = [value for value in values if isinstance(value, dict)]
    if not tables or not isinstance(values[-1], dict):
        return values[-1] if values else None
    return UNKNOWN if UNKNOWN in values else {key: one for table in tables for key, one in table.items()}


def _local(path: str) -> str:
    return path.removeprefix(_CWD)


def _target(value: Any) -> str | None:
    return value if isinstance(value, str) else ("" if value is None else None)


def _texts(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {name: to_text(one) for name, one in items if isinstance(one, (str, int, float, bool))}


def _strings(value: Any) -> tuple[str, ...]:
    return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()
