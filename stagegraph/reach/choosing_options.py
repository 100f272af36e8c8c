"""The build arguments and platforms that make a variable in FROM choose a stage, and their condition."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from stagegraph.dockerfile.expand import ExpansionError, lexer_of
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.platforms import PlatformError, normalized, parse_platform
from stagegraph.dockerfile.scope import global_arguments, platform_arguments
from stagegraph.errors import StagegraphError
from stagegraph.options import Options
from stagegraph.reach.conditions import Condition, condition
from stagegraph.reach.from_choices import PLATFORM_NAMES, FromChoices, Selection
from stagegraph.reach.from_solutions import Bindings, Value, holds, nearest_first

# Those that official images are published for, and the most common targets of cross compilation.
PLATFORMS = (
    "linux/amd64",
    "linux/arm64",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/arm/v5",
    "linux/386",
    "linux/riscv64",
    "linux/ppc64le",
    "linux/s390x",
    "linux/loong64",
    "linux/mips64le",
    "windows/amd64",
    "windows/arm64",
    "darwin/amd64",
    "darwin/arm64",
    "freebsd/amd64",
)
_MOST_WORK = 20_000  # arguments expanded, over all conditions of one file


def arguments_of(file: Dockerfile, options: Options) -> dict[str, str] | None:
    """The arguments that FROM sees for ``options``; None where BuildKit rejects them."""
    try:
        build = normalized(parse_platform(options.build_platform))
        wanted = normalized(parse_platform(options.all_platforms[0]))
        stage = options.target or file.stages[-1].head.name
        known = platform_arguments(build, wanted, stage, options.build_args)
        return global_arguments(file, known, options.build_args)
    except (PlatformError, StagegraphError):
        return None


def options_that_choose(
    file: Dockerfile, choices: FromChoices, start: Options, selection: Selection
) -> Iterator[Options]:
    """Options with the values of each solution.

    First those of existing platforms, of the arguments that set others, and of the fewest changes.
    """
    arguments = arguments_of(file, start) or {}
    solutions = (*nearest_first(selection.traced, arguments), *nearest_first(selection.solutions, arguments))
    changes = [
        {name: value for name, value in bindings.items() if not holds(value, arguments.get(name))}
        for bindings in solutions
    ]
    exist = {True: list[Options](), False: list[Options]()}
    for changed in changes:
        found = PLATFORM_NAMES.isdisjoint(changed) or _exists(changed, choices.derived.plain)
        exist[found] += [*_on_platform(start, changed, arguments), _with_arguments(start, changed)]
    yield from (*exist[True], *exist[False])


def _exists(changed: Bindings, plain: frozenset[str]) -> bool:
    return condition(_with_arguments(Options(), changed).build_args, plain, ()).exists


def _on_platform(options: Options, changed: Bindings, arguments: Mapping[str, str]) -> Iterator[Options]:
    """``options`` on the platforms that ``changed`` names; nothing where it names none."""
    platforms = {machine: _platform(machine, changed, arguments) for machine in ("TARGET", "BUILD")}
    if not any(platforms.values()):
        return
    others = {name: value for name, value in changed.items() if name not in PLATFORM_NAMES}
    yield replace(
        _with_arguments(options, others),
        platforms=(platforms["TARGET"] or options.all_platforms[0],),
        build_platform=platforms["BUILD"] or options.build_platform,
    )


def _platform(machine: str, changed: Bindings, arguments: Mapping[str, str]) -> str:
    """The platform of ``machine``, TARGET or BUILD, that ``changed`` asks for; empty if it asks for none."""
    names = [f"{machine}{part}" for part in ("PLATFORM", "OS", "ARCH", "VARIANT")]
    if not any(isinstance(changed.get(name), str) for name in names):
        return ""
    whole, *parts = (str(changed.get(name, arguments.get(name, ""))) for name in names)
    if f"{machine}ARCH" in changed and f"{machine}VARIANT" not in changed:
        parts[2] = ""
    return whole if names[0] in changed else "/".join(part for part in parts if part)


def _with_arguments(options: Options, changed: Bindings) -> Options:
    args = dict(options.build_args)
    for name, value in changed.items():
        if value is Value.UNSET:
            args.pop(name, None)
        else:
            args[name] = value if isinstance(value, str) else "1"
    return replace(options, build_args=args)


def other_platforms(choices: FromChoices, start: Options) -> Iterator[Options]:
    """``start`` on other platforms that FROM can see, those first that differ in the fewest parts."""
    names = [name for name in choices.sources if name in PLATFORM_NAMES]
    if any(name.startswith("TARGET") for name in names):
        nearest = _nearest(start.all_platforms[0])
        yield from (replace(start, platforms=(platform,)) for platform in nearest)
    if any(name.startswith("BUILD") for name in names):
        # the target platform stays the same when another machine builds for it
        same = replace(start, platforms=start.all_platforms[:1])
        nearest = _nearest(start.build_platform)
        yield from (replace(same, build_platform=platform) for platform in nearest)


def _nearest(platform: str) -> list[str]:
    """PLATFORMS, those first that differ from ``platform`` in the fewest parts."""
    own = (*platform.split("/"), "", "")

    def differences(other: str) -> int:
        return sum(a != b for a, b in zip((*other.split("/"), "", ""), own, strict=False))

    return sorted(PLATFORMS, key=differences)


def difference(file: Dockerfile, choices: FromChoices, start: Options, options: Options) -> Condition:
    """The condition that ``options`` add to ``start``: what sets the variables in FROM to other values."""
    before, after = (arguments_of(file, one) or {} for one in (start, options))
    changed = [name for name in choices.sources if before.get(name) != after.get(name)]
    given = {
        name
        for name in start.build_args.keys() | options.build_args.keys()
        if start.build_args.get(name) != options.build_args.get(name)
    }
    plain = choices.derived.plain
    causes = [name for name in changed if name in given or name in PLATFORM_NAMES - plain]
    return condition({name: after.get(name, "") for name in causes or changed}, plain, given)


class SelectionConditions:
    """The condition of each Selection of one file, for the options ``start``."""

    def __init__(self, file: Dockerfile, choices: FromChoices, start: Options) -> None:
        self._file = file
        self._choices = choices
        self._start = start
        self._known: dict[tuple[str, str], Condition] = {}
        self._left = _MOST_WORK // (1 + len(file.arguments))

    def of(self, selection: Selection) -> Condition:
        """The smallest condition under which FROM expands to the stage of ``selection``.

        Existing platforms come first; "with some value" where no values are known.
        """
        key = (
            self._file.stages[selection.stage].head.base,
            self._file.stages[selection.source].head.name,
        )
        if key not in self._known:
            self._known[key] = self._best(selection, *key)
        return self._known[key]

    def _best(self, selection: Selection, word: str, name: str) -> Condition:
        best = None
        for options in self._candidates(selection):
            self._left -= 1
            if self._left < 0:
                return best or self._unchecked(selection)
            if _expands_to(self._file, options, word, name):
                found = difference(self._file, self._choices, self._start, options)
                if found.exists:
                    return found
                best = best or found
        return best or Condition("with some value", exists=True)

    def _candidates(self, selection: Selection) -> Iterator[Options]:
        """Options that may choose the stage; a value that is trimmed or replaced is not inverted."""
        yield from options_that_choose(self._file, self._choices, self._start, selection)
        yield from other_platforms(self._choices, self._start)

    def _unchecked(self, selection: Selection) -> Condition:
        """The condition of the first solution, without a check that FROM expands to it."""
        if not selection.solutions:
            return Condition("with some value", exists=True)
        bindings = selection.solutions[0]
        given = _with_arguments(Options(), bindings).build_args
        return condition({name: given.get(name, "") for name in bindings}, self._choices.derived.plain, given)


def _expands_to(file: Dockerfile, options: Options, word: str, name: str) -> bool:
    arguments = arguments_of(file, options)
    try:
        return arguments is not None and lexer_of(escape=file.escape).word(word, arguments) == name
    except ExpansionError:
        return False
