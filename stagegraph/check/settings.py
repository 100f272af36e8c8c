"""Settings of the checker from stagegraph.toml or pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct

from stagegraph.check.rules.registry import RULES
from stagegraph.errors import OptionsError

FAIL_ON = ("error", "warning", "info", "never")
_LARGEST = 1024 * 1024


class Settings(Struct, frozen=True, kw_only=True):
    """What a project has settled; ``select`` of nothing means all rules."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str = "warning"
    discover: bool | None = None

    @property
    def codes(self) -> frozenset[str]:
        """The rules that are left."""
        return frozenset(self.select or RULES) - frozenset(self.ignore)


def read_settings(start: Path) -> Settings:
    """The settings of the nearest stagegraph.toml, or pyproject.toml that has any, upwards of ``start``.

    In stagegraph.toml they stand under ``[check]``, in pyproject.toml under
    ``[tool.stagegraph.check]``. Raises OptionsError for what cannot be read or means nothing.
    """
    for path, keys in _files(start):
        table = _table(path, keys)
        if table is not None:
            return _settings(path, table)
    return Settings()


def _files(start: Path) -> Iterator[tuple[Path, tuple[str, ...]]]:
    here = start.resolve()
    for directory in (here, *here.parents):
        yield directory / "stagegraph.toml", ("check",)
        yield directory / "pyproject.toml", ("tool", "stagegraph", "check")
        if (directory / ".git").exists():
            return


def _table(path: Path, keys: tuple[str, ...]) -> Mapping[str, Any] | None:
    """The table under ``keys``; None where the file has none, or is not there."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            found: Any = tomllib.loads(file.read(_LARGEST).decode())
    except (OSError, ValueError, RecursionError) as error:
        if path.name == "pyproject.toml":
            return None  # for others to complain about
        raise OptionsError(f"{path} cannot be read: {error}") from None
    for key in keys:
        found = found.get(key) if isinstance(found, dict) else None
    if found is not None and not isinstance(found, dict):
        raise OptionsError(f"{path}: {'.'.join(keys)} is no table")
    return found


def _settings(path: Path, table: Mapping[str, Any]) -> Settings:
    known = {name.replace("_", "-"): name for name in Settings.__struct_fields__}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            hint = _nearest(key, known) or f"there are {', '.join(known)}"
            raise OptionsError(f"{path}: the checker has no setting `{key}`", hint=hint)
        values[known[key]] = _value(path, key, value)
    settings = Settings(**values)
    check_codes((*settings.select, *settings.ignore), str(path))
    return settings


def _value(path: Path, key: str, value: object) -> object:
    if key == "discover" and isinstance(value, bool):
        return value
    if key == "fail-on" and value in FAIL_ON:
        return value
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if key in ("select", "ignore", "exclude") and is_list:
        return tuple(value)  # type: ignore[arg-type]  # just seen to be a list
    wanted = {"discover": "true or false", "fail-on": f"one of {', '.join(FAIL_ON)}"}.get(
        key, "a list of texts"
    )
    raise OptionsError(f"{path}: `{key}` is {wanted}")


def check_codes(codes: Collection[str], where: str) -> None:
    """Raise an OptionsError for the first of ``codes`` that is no rule."""
    for code in codes:
        if code not in RULES:
            hint = _nearest(code, RULES) or f"the rules are {', '.join(RULES)}"
            raise OptionsError(f"{where}: no rule is called `{code}`", hint=hint)


def _nearest(word: str, known: Iterable[str]) -> str:
    """The word that is meant: one that begins alike, or is spelled alike."""
    names = list(known)
    near = [name for name in names if word and name.startswith(word)] or get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`?" if near else ""
