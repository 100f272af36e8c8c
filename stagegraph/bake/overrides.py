"""``--set PATTERN.KEY[.NAME][+]=VALUE`` (docker/buildx bake/bake.go, newOverrides and AddOverrides)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from stagegraph.bake.entries import (
    entries_of_texts,
    latest_by,
    parse_bool,
    secret_from_text,
    without_duplicates,
)
from stagegraph.bake.fields import FIELDS, Fields
from stagegraph.bake.values import UNKNOWN, UnsuitableValueError
from stagegraph.errors import OptionsError

_LISTS = (
    "output", "cache-to", "cache-from", "tags", "platform", "secrets", "ssh", "attest", "entitlements",
    "network", "annotations", "policy",
)  # fmt: skip
_NAMED = ("args", "contexts")


class Override(NamedTuple):
    """What the options set one key of one target to: ``value``, or ``values`` of a list."""

    value: str = ""
    values: tuple[str, ...] = ()
    append: bool = False


Overrides = dict[str, dict[str, Override]]


def parse_overrides(options: Iterable[str], targets: list[str], environment: Mapping[str, str]) -> Overrides:
    """The overrides by target and by key. Raises OptionsError."""
    overrides: Overrides = {}
    for option in options:
        key, equals, value = option.partition("=")
        names = key.removesuffix("+").split(".", 2)
        if len(names) < 2:
            raise _invalid(option, "it does not name a key of a target", "write --set TARGET.KEY=VALUE")
        if not equals and names[1] != "args":
            raise _invalid(option, "it has no value", "write --set TARGET.KEY=VALUE")
        if names[1] in _NAMED and len(names) < 3:
            raise _invalid(option, f"{names[1]} needs a name", f"write --set TARGET.{names[1]}.NAME=VALUE")
        if not equals and names[2] not in environment:
            continue
        value = value if equals else environment[names[2]]
        for target in _matching(names[0], targets, option):
            keys = overrides.setdefault(target, {})
            name = ".".join(names[1:])
            keys[name] = _added(keys.get(name, Override()), names[1], value, key.endswith("+"))
    return overrides


def _added(old: Override, key: str, value: str, append: bool) -> Override:
    if key in _LISTS:
        return Override(old.value, (*old.values, value), append)
    return Override(value, old.values, old.append)


def _invalid(option: str, reason: str, hint: str = "") -> OptionsError:
    return OptionsError(f"invalid --set {option}: {reason}", hint=hint)


def _matching(pattern: str, targets: list[str], option: str) -> list[str]:
    if pattern in targets:
        return [pattern]
    names = [name for name in targets if path_match(pattern, name)]
    if not names:
        raise _invalid(option, f"no target matches {pattern}", "it takes names of targets, not of groups")
    return names


def path_match(pattern: str, name: str) -> bool:
    """Go's path.Match; a malformed pattern matches nothing."""
    parts = []
    token = re.compile(r"\*|\?|\[(\^?)((?:\\.|[^\]\\])+)\]|\\(.)|([^\[\\])", re.DOTALL)
    position = 0
    while position < len(pattern):
        match = token.match(pattern, position)
        if not match:
            return False
        position = match.end()
        parts.append(_glob_part(match))
    try:
        return re.fullmatch("".join(parts), name) is not None
    except re.error:
        return False


def _glob_part(match: re.Match[str]) -> str:
    text = match.group()
    if text == "*":
        return "[^/]*"
    if text == "?":
        return "[^/]"
    if match[2] is not None:
        return f"[{match[1]}{match[2].replace('[', chr(92) + '[')}]"
    return re.escape(match[3] or text)


def with_overrides(fields: Fields, overrides: Mapping[str, Override]) -> Fields:
    """``fields`` as the overrides change them. Raises OptionsError."""
    result = dict(fields)
    for key, override in overrides.items():
        name, _, rest = key.partition(".")
        change = _CHANGES.get(name)
        if change is None:
            raise OptionsError(
                f"invalid --set: unknown key {name}", hint=f"keys are {', '.join(sorted(_CHANGES))}"
            )
        try:
            change(result, name, rest, override)
        except UnsuitableValueError as problem:
            raise OptionsError(f"invalid --set of {key}: {problem}") from None
    return result


def _text(fields: Fields, name: str, rest: str, override: Override) -> None:
    fields[name] = override.value


def _flag(fields: Fields, name: str, rest: str, override: Override) -> None:
    fields[name] = parse_bool(override.value)


def _member(fields: Fields, name: str, rest: str, override: Override) -> None:
    if not rest:
        raise UnsuitableValueError(f"write {name}.NAME=VALUE")
    old = fields.get(name)
    if old is not UNKNOWN:
        fields[name] = {**(old or {}), rest: override.value}


def _texts(fields: Fields, name: str, rest: str, override: Override) -> None:
    name = "platforms" if name == "platform" else name
    old = fields.get(name)
    fields[name] = (
        UNKNOWN
        if override.append and old is UNKNOWN
        else [*(old or ()), *override.values]
        if override.append
        else list(override.values)
    )


def _appended(fields: Fields, name: str, rest: str, override: Override) -> None:
    new = entries_of_texts(name, list(override.values)) if name == "attest" else list(override.values)
    fields[name] = FIELDS[name].join(fields.get(name), new)


def _entries(fields: Fields, name: str, rest: str, override: Override) -> None:
    name = "secret" if name == "secrets" else name
    new = entries_of_texts(name, list(override.values))
    old = fields.get(name)
    if not override.append or old is None:
        fields[name] = new
    elif old is not UNKNOWN:
        both = [*old, *new]
        fields[name] = latest_by("id", both) if name in ("secret", "ssh") else without_duplicates(both)


def _secret(fields: Fields, name: str, rest: str, override: Override) -> None:
    """``secret.ID=src=...`` sets one secret by its id."""
    new = (
        [
            {"id": rest, **{k: v for k, v in one.items() if k != "id"}}
            for one in secret_from_text(override.value)
        ]
        if rest
        else secret_from_text(override.value)
    )
    fields[name] = FIELDS[name].join(fields.get(name), new)


def _push(fields: Fields, name: str, rest: str, override: Override) -> None:
    outputs = list(fields.get("output") or ())
    if not parse_bool(override.value):
        kept = [one for one in outputs if one.get("type") != "registry"]
        fields["output"] = [{**one, "push": "false"} if one.get("type") == "image" else one for one in kept]
        return
    fields["output"] = [{**one, "push": "true"} if one.get("type") == "image" else one for one in outputs]
    if all(one.get("type") == "docker" for one in outputs):
        fields["output"].append({"push": "true", "type": "image"})


def _load(fields: Fields, name: str, rest: str, override: Override) -> None:
    outputs = list(fields.get("output") or ())
    plain = any(one.get("type") == "docker" and not one.get("dest") for one in outputs)
    other = any(one.get("type") not in ("docker", "image", "registry", "oci") for one in outputs)
    if parse_bool(override.value) and not plain and not other:
        fields["output"] = [*outputs, {"type": "docker"}]


_CHANGES: dict[str, Callable[[Fields, str, str, Override], None]] = {
    **dict.fromkeys(("context", "dockerfile", "target", "call", "shm-size", "network"), _text),
    **dict.fromkeys(("no-cache", "pull"), _flag),
    **dict.fromkeys(("args", "contexts", "labels", "extra-hosts"), _member),
    **dict.fromkeys(("tags", "platform", "no-cache-filter", "ulimits"), _texts),
    **dict.fromkeys(("annotations", "entitlements", "attest"), _appended),
    **dict.fromkeys(("output", "cache-from", "cache-to", "secrets", "ssh"), _entries),
    "secret": _secret,
    "push": _push,
    "load": _load,
}
