"""``stagegraph check``: findings in one Dockerfile or in a whole repository."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from stagegraph.cli.common import (
    build_options,
    file_option,
    format_option,
    output_option,
    terminal_options,
)
from stagegraph.cli.completion import PATH
from stagegraph.cli.format_choice import chosen_format, given_options, refuse_given
from stagegraph.cli.writing import write
from stagegraph.errors import OptionsError
from stagegraph.formats import render
from stagegraph.options import Options
from stagegraph.source import printable

if TYPE_CHECKING:
    from stagegraph.check.check import CheckedFile
    from stagegraph.check.many import Run, Skipped
    from stagegraph.check.settings import Settings
    from stagegraph.check.work import Work

_FAIL_ON = ("error", "warning", "info", "never")
_PROGRESS_FROM = 100  # files


@click.command()
@click.argument("paths", nargs=-1, type=PATH)
@format_option("check", "text")
@output_option
@click.option(
    "--select", multiple=True, metavar="CODE", help="Use only these rules; repeatable or separated by commas."
)
@click.option(
    "--ignore", multiple=True, metavar="CODE", help="Skip these rules; repeatable or separated by commas."
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Skip files that match this .gitignore pattern when searching directories; repeatable.",
)
@click.option(
    "--include-fixtures",
    is_flag=True,
    help="Also check files in testdata, fixtures, __tests__ and similar directories.",
)
@click.option(
    "--fail-on-empty",
    is_flag=True,
    help="Exit with 1 if there is no file to check, also in the default directory.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_FAIL_ON),
    default=None,
    help="Exit with code 1 for findings of at least this severity; warning by default.",
)
@click.option(
    "--discover/--no-discover",
    default=None,
    help="Search the repository for the builds it runs; on by default inside a git repository.",
)
@build_options
@file_option
@click.option("--fix", is_flag=True, help="Remove dead stages and print the changes as a diff.")
@click.option(
    "--fix-idle", is_flag=True, help="Like --fix, and also remove the stages that no known build needs."
)
@click.option(
    "--diff", is_flag=True, help="Print what --fix or --fix-idle would change, without changing any file."
)
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show for each stage whether it can be built, and list the builds that were found.",
)
@click.option("--list-rules", is_flag=True, help="List the rules and exit.")
@click.option("--explain", metavar="CODE", help="Describe a rule with examples and exit.")
def check(
    paths: tuple[str, ...],
    file: str,
    format_name: str | None,
    output: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    include_fixtures: bool,
    fail_on_empty: bool,
    fail_on: str | None,
    discover: bool | None,
    options: Options,
    fix: bool,
    fix_idle: bool,
    diff: bool,
    verbose: bool,
    list_rules: bool,
    explain: str | None,
) -> int:
    """Find stages that nothing builds, and other problems of a build graph.

    PATHS are Dockerfiles, directories to search for Dockerfiles, or - for standard input. The default
    is the current directory. The exit code is 1 if a finding has at least the severity of --fail-on, if
    a file cannot be read or if a directory in PATHS has no Dockerfile, 2 for wrong usage, and 0 otherwise.

    \b
    Examples:
      stagegraph check
      stagegraph check app/Dockerfile --target release
      stagegraph check -F sarif -o stagegraph.sarif
      stagegraph check --diff
      stagegraph check --explain dead-stage
    """
    _refuse_ignored(list_rules=list_rules, explain=explain is not None, fixes=fix or fix_idle or diff)
    if list_rules:
        write(_rules().encode(), output)
        return 0
    if explain is not None:
        write(_page(explain).encode(), output)
        return 0
    from stagegraph.check.run import run_of
    from stagegraph.check.work import work_of

    chosen = chosen_format("check", output, format_name, "text")
    settings = _settings(select, ignore, exclude, fail_on, discover)
    settings = replace(settings, include_fixtures=include_fixtures or settings.include_fixtures)
    work = work_of(_checked_paths(paths, file), settings, options)
    if fix or fix_idle or diff:
        from stagegraph.cli.fix import fix_files

        for note in work.notes:
            print(f"note: {printable(str(note))}", file=sys.stderr)
        code = fix_files(work.tasks, output, write_files=not diff, idle=fix_idle)
        return code or int(_is_empty(work, fail_on_empty))
    run = run_of(work, settings.exclude, _progress(len(work.tasks)))
    _check_targets(run, options)
    write(render("check", run, chosen, verbose=verbose, **terminal_options(output)), output)
    return int(_fails(run, settings.fail_on) or _is_empty(work, fail_on_empty))


def _refuse_ignored(*, list_rules: bool, explain: bool, fixes: bool) -> None:
    """click.UsageError for an option that has no effect on what is asked for."""
    if list_rules or explain:
        names = {name for name, _ in given_options()} - {"list_rules" if list_rules else "explain", "output"}
        refuse_given(names, "with --list-rules" if list_rules else "with --explain")
    elif fixes:
        refuse_given({"format_name", "fail_on", "verbose"}, "with --fix, --fix-idle and --diff")


def _checked_paths(paths: tuple[str, ...], file: str) -> tuple[str, ...]:
    """With -f, that file; a directory beside it is the build context of Docker."""
    if not file:
        return paths or (".",)
    return (file, *(path for path in paths if not Path(path).is_dir()))


def _rules() -> str:
    from stagegraph.check.rules import RULES

    width = max(map(len, RULES))
    return "".join(f"{rule.code:<{width}}  {rule.severity:<7}  {rule.summary}\n" for rule in RULES.values())


def _page(code: str) -> str:
    from stagegraph.check.rules import RULES, rule_pages
    from stagegraph.check.settings import check_codes

    check_codes([code], "--explain")
    return f"## {code}\n\n{rule_pages().get(code, RULES[code].summary)}\n"


def _settings(
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    fail_on: str | None,
    discover: bool | None,
) -> Settings:
    """The settings of the project, overridden by the command line."""
    from stagegraph.check.settings import check_codes, read_settings

    settings = read_settings(Path())
    selected, ignored = _split(select), _split(ignore)
    check_codes(selected, "--select")
    check_codes(ignored, "--ignore")
    return replace(
        settings,
        select=selected or settings.select,
        ignore=(*settings.ignore, *ignored),
        exclude=(*settings.exclude, *exclude),
        fail_on=fail_on or settings.fail_on,
        discover=settings.discover if discover is None else discover,
    )


def _split(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(code.strip() for text in texts for code in text.split(",") if code.strip())


def _progress(
    count: int,
) -> Callable[[Iterable[CheckedFile | Skipped]], Iterable[CheckedFile | Skipped]]:
    """Wraps the results in a progress bar, for many files on a terminal."""
    if count < _PROGRESS_FROM or not sys.stderr.isatty():
        return lambda results: results

    def shown(results: Iterable[CheckedFile | Skipped]) -> Iterable[CheckedFile | Skipped]:
        from rich.console import Console
        from rich.progress import track

        console = Console(file=sys.stderr)
        return track(results, description="Checking", total=count, console=console, transient=True)

    return shown


def _check_targets(run: Run, options: Options) -> None:
    """Raise OptionsError for a target that no checked file has: a finding would depend on a typo."""
    from difflib import get_close_matches

    names = {stage.title for file in run.files for stage in file.stages}
    if any(file.error for file in run.files):
        return
    for target in options.all_targets:
        if target and not target.isdecimal() and target.lower() not in names:
            near = get_close_matches(target.lower(), sorted(names), n=1)
            hint = f"did you mean {near[0]}?" if near else "use the name of a stage"
            raise OptionsError(f"no checked file has a stage named {target}", hint=hint)


def _is_empty(work: Work, fail_on_empty: bool) -> bool:
    """Whether a directory that the user named has no Dockerfile; the current one counts with the option."""
    return (fail_on_empty and not work.tasks) or any(str(Path(path)) != "." for path in work.empty)


def _fails(run: Run, fail_on: str) -> bool:
    from stagegraph.model import Severity

    return run.fails(None if fail_on == "never" else Severity(fail_on))
