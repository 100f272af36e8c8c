"""The settings of ``check`` from stagegraph.toml or pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from msgspec import Struct

from stagegraph.check.rules import DEFAULT_CODES, RULES
from stagegraph.errors import OptionsError

FAIL_ON = ("error", "warning", "info", "never")
_LARGEST = 1024 * 1024  # bytes of a settings file


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a project; an empty ``select`` means the default rules, ``enable`` adds others."""

    select: tuple[str, ...] = ()
    enable: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    fail_on: str = "warning"
    discover: bool | None = None
    include_fixtures: bool = False

    @property
    def codes(self) -> frozenset[str]:
        """The rules to run: those selected and enabled without those ignored."""
        return frozenset((*(self.select or DEFAULT_CODES), *self.enable)) - frozenset(self.ignore)


def read_settings(start: Path) -> Settings:
    """The settings in the nearest stagegraph.toml or pyproject.toml, from ``start`` upwards.

    They are in the table ``[check]`` of stagegraph.toml or ``[tool.stagegraph.check]`` of
    pyproject.toml. Raises OptionsError for a stagegraph.toml that cannot be read and for unknown or
    invalid settings.
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
    """The table ``keys``; None where the file does not have it or does not exist."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            value: Any = tomllib.loads(file.read(_LARGEST).decode())
    except (OSError, ValueError, RecursionError) as error:
        if path.name == "pyproject.toml":
            return None  # other tools report an invalid pyproject.toml
        raise OptionsError(f"{path} cannot be read: {error}") from None
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    if value is not None and not isinstance(value, dict):
        raise OptionsError(f"{path}: `{'.'.join(keys)}` must be a table")
    return value


def _settings(path: Path, table: Mapping[str, Any]) -> Settings:
    known = {name.replace("_", "-"): name for name in Settings.__struct_fields__}
    values: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            hint = _nearest(key, known) or f"the settings are {', '.join(known)}"
            raise OptionsError(f"{path}: unknown setting `{key}`", hint=hint)
        values[known[key]] = _value(path, key, value)
    settings = Settings(**values)
    check_codes((*settings.select, *settings.enable, *settings.ignore), str(path))
    return settings


def _value(path: Path, key: str, value: object) -> object:
    if key in ("discover", "include-fixtures") and isinstance(value, bool):
        return value
    if key == "fail-on" and value in FAIL_ON:
        return value
    is_list = isinstance(value, list) and all(isinstance(item, str) for item in value)
    if key in ("select", "enable", "ignore", "exclude") and is_list:
        return tuple(value)  # type: ignore[arg-type]  # `is_list` says that it is a list
    wanted = {
        "discover": "true or false",
        "include-fixtures": "true or false",
        "fail-on": f"one of {', '.join(FAIL_ON)}",
    }.get(key, "a list of strings")
    raise OptionsError(f"{path}: `{key}` must be {wanted}")


def check_codes(codes: Collection[str], where: str) -> None:
    """Raise an OptionsError for the first of ``codes`` that is not the code of a rule."""
    for code in codes:
        if code not in RULES:
            hint = _nearest(code, RULES) or f"the rules are {', '.join(RULES)}"
            raise OptionsError(f"{where}: unknown rule `{code}`", hint=hint)


def _nearest(word: str, known: Iterable[str]) -> str:
    """A hint with the known word that begins with ``word`` or is spelled like it; empty where none is."""
    names = list(known)
    near = [name for name in names if word and name.startswith(word)] or get_close_matches(word, names, n=1)
    return f"did you mean `{near[0]}`?" if near else ""
