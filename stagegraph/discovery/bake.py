"""The targets of bake files: JSON, HCL, and what ``docker buildx bake --print`` prints.

Rules: docs.docker.com/build/bake/reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Any

from stagegraph.discovery.found_build import FoundBuild, Note
from stagegraph.discovery.hcl_file import HclError, evaluated, read_hcl, scope_of
from stagegraph.discovery.hcl_values import UNKNOWN, is_known, shown
from stagegraph.discovery.repository import Repository, is_remote, joined

_MOST_COMBINATIONS = 256
_Table = Mapping[str, Any]


def bake_uses(path: str, text: str, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The targets of the bake file at ``path``, and what is not understood of it."""
    try:
        blocks = _json_blocks(text) if path.endswith(".json") else read_hcl(text)
    except (ValueError, RecursionError, HclError) as error:
        reason = str(error) if isinstance(error, HclError) else "it is no JSON"
        return [], [Note(file=path, line=None, message=f"not understood: {reason}")]
    bake = _Bake(path, text, blocks, repository)
    return list(bake.uses()), bake.notes


def _json_blocks(text: str) -> dict[str, Any]:
    found = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("no object")
    # in JSON a text is a template as in HCL, so it goes the same way
    return {
        kind: {name: _quoted(body) for name, body in table.items() if isinstance(body, dict)}
        for kind, table in found.items()
        if isinstance(table, dict)
    }


def _quoted(value: Any) -> Any:
    if isinstance(value, str):
        return f'"{json.dumps(value)[1:-1]}"'
    if isinstance(value, list):
        return [_quoted(item) for item in value]
    if isinstance(value, dict):
        return {key: _quoted(item) for key, item in value.items()}
    return value


class _Bake:
    def __init__(self, path: str, text: str, blocks: _Table, repository: Repository) -> None:
        self._path = path
        self._text = text
        self._targets: _Table = blocks.get("target", {})
        self._repository = repository
        self.notes: list[Note] = []
        self._scope = scope_of(blocks)
        self._functions = {name: value for name, value in self._scope.items() if name.endswith("()")}
        self._override = ".override." in path  # stands over another file, which may say more
        self._parents = {name for body in self._targets.values() for name in self._inherited(body)}
        self._grouped = _names(blocks.get("group", {}), self._scope)

    def _inherited(self, body: Any) -> list[str]:
        found = evaluated(body.get("inherits", []), self._scope) if isinstance(body, Mapping) else []
        return [name for name in found if isinstance(name, str)] if isinstance(found, list) else []

    def uses(self) -> Iterator[FoundBuild]:
        for name in self._targets:
            body = self._merged(name, ())
            if self._is_only_parent(name, body):
                continue
            for scope in self._combinations(body):
                yield from self._use(name, body, scope)

    def _is_only_parent(self, name: str, body: _Table) -> bool:
        """Whether others inherit from a target that builds nothing of its own: no stage by name."""
        return name in self._parents and name not in self._grouped and "target" not in body

    def _merged(self, name: str, above: tuple[str, ...]) -> dict[str, Any]:
        """The attributes of a target with what it inherits, later ones over earlier ones."""
        body = self._targets.get(name)
        if not isinstance(body, Mapping) or name in above or len(above) > 20:
            return {}
        found: dict[str, Any] = {}
        for parent in self._inherited(body):
            inherited = self._merged(parent, (*above, name))
            found = _over(found, {key: inherited[key] for key in inherited.keys() - {"matrix", "name"}})
        return _over(found, body)

    def _combinations(self, body: _Table) -> Iterator[dict[str, Any]]:
        """The variables for every target that a matrix makes."""
        matrix = evaluated(body.get("matrix", {}), self._scope)
        if not isinstance(matrix, dict) or not matrix:
            yield {**self._scope}
            return
        values = [value if isinstance(value, list) else [UNKNOWN] for value in matrix.values()]
        for choice in islice(product(*values), _MOST_COMBINATIONS):
            yield {**self._scope, **dict(zip(matrix, choice, strict=True))}

    def _use(self, name: str, body: _Table, scope: dict[str, Any]) -> Iterator[FoundBuild]:
        if "dockerfile-inline" in body:
            return
        line = self._line(name)
        context = evaluated(body.get("context", '"."'), scope)
        if isinstance(context, str) and is_remote(context.removeprefix("cwd://")):
            return
        unknown = {what for what, key in _WATCHED.items() if not is_known(evaluated(body.get(key), scope))}
        if self._from_variable(body.get("target"), scope):
            unknown.add("target")  # whoever runs bake can set it to something else
        dockerfiles = self._dockerfiles(context, evaluated(body.get("dockerfile"), scope))
        target = evaluated(body.get("target", '""'), scope)
        if not dockerfiles:
            unknown.add("dockerfile")
        self._say(line, name, unknown)
        for position, dockerfile in enumerate(dockerfiles or [None]):
            yield FoundBuild(
                file=self._path,
                line=line,
                kind="bake target",
                name=name,
                dockerfile=dockerfile,
                target=target if isinstance(target, str) else ("" if target is None else None),
                build_args=_texts(evaluated(body.get("args"), scope)),
                platforms=_list(evaluated(body.get("platforms"), scope)),
                contexts=tuple(sorted(_texts(evaluated(body.get("contexts"), scope)))),
                unknown=frozenset(unknown),
                certain=position == 0 and not self._is_partial(name),
            )

    def _is_partial(self, name: str) -> bool:
        """Whether a target is said in part elsewhere: in the file that this one overrides, in a parent's."""
        waiting, seen = [name], set()
        while waiting:
            one = waiting.pop()
            if one not in self._targets:
                return True
            if one not in seen:
                seen.add(one)
                waiting.extend(self._inherited(self._targets[one]))
        return self._override

    def _from_variable(self, value: Any, scope: Mapping[str, Any]) -> bool:
        """Whether a value holds a variable of the file, which the environment overrides."""
        matrix_only = {key: item for key, item in scope.items() if self._scope.get(key) is not item}
        fixed = {**self._functions, **matrix_only}
        return evaluated(value, scope) is not UNKNOWN and not is_known(evaluated(value, fixed))

    def _dockerfiles(self, context: Any, name: Any) -> list[str]:
        """Seen from where the file is, and from the root: bake takes paths from where it is run."""
        if not isinstance(context, str) or name is UNKNOWN:
            return []
        here = self._path.rpartition("/")[0]
        found = [self._dockerfile(start, context, name) for start in dict.fromkeys([here, ""])]
        return list(dict.fromkeys(path for path in found if path))

    def _dockerfile(self, start: str, context: str, name: Any) -> str | None:
        if isinstance(name, str) and name.startswith("cwd://"):
            path = joined(start, name.removeprefix("cwd://"))
            return path if path is not None and self._repository.has(path) else None
        context = context.removeprefix("cwd://")
        return self._repository.dockerfile(start, context, name if isinstance(name, str) else None)

    def _say(self, line: int, name: str, unknown: set[str]) -> None:
        if unknown:
            what = ", ".join(sorted(unknown))
            note = Note(
                file=self._path,
                line=line,
                message=f"bake target {name}: {what} not understood",
                of_build=True,
            )
            if note not in self.notes:
                self.notes.append(note)

    def _line(self, name: str) -> int:
        escaped = re.escape(name)
        match = re.search(
            rf'^[ \t]*target[ \t]+"?{escaped}"?|"{escaped}"[ \t\r\n]*:', self._text, re.MULTILINE
        )
        return self._text.count("\n", 0, match.start()) + 1 if match else 1


_WATCHED = {"target": "target", "build arguments": "args", "platforms": "platforms", "contexts": "contexts"}


def _over(below: dict[str, Any], above: _Table) -> dict[str, Any]:
    """``above`` over ``below``; tables key by key, as bake merges args and contexts."""
    merged = dict(below)
    for key, value in above.items():
        known = merged.get(key)
        merged[key] = {**known, **value} if isinstance(known, dict) and isinstance(value, dict) else value
    return merged


def _texts(value: Any) -> dict[str, str]:
    items = value.items() if isinstance(value, dict) else ()
    return {name: shown(item) for name, item in items if isinstance(item, (str, int, float, bool))}


def _list(value: Any) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _names(groups: _Table, scope: Mapping[str, Any]) -> set[str]:
    """The targets that some group has."""
    found = [
        evaluated(body.get("targets", []), scope) for body in groups.values() if isinstance(body, Mapping)
    ]
    return {name for names in found if isinstance(names, list) for name in names if isinstance(name, str)}
