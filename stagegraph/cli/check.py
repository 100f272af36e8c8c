"""``stagegraph check``: findings in one Dockerfile or in a whole repository."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import (
    format_option,
    output_option,
    terminal_options,
)
from stagegraph.cli.completed_values import codes, paths
from stagegraph.cli.dockerfile import dockerfile_of, file_option
from stagegraph.cli.format_choice import format_of, is_given, refuse_given
from stagegraph.cli.missing_targets import with_missing_targets
from stagegraph.cli.writing import write
from stagegraph.formats import render
from stagegraph.options import Options
from stagegraph.source import printable

if TYPE_CHECKING:
    from stagegraph.check.check import CheckedFile
    from stagegraph.check.many import Run, Skipped
    from stagegraph.check.settings import Settings
    from stagegraph.check.work import Work

_PAGES = ("list_rules", "explain", "output")  # the options that print a page about rules
_FAIL_ON = ("error", "warning", "info", "never")
_PROGRESS_FROM = 100  # files


@click.command()
@click.argument("paths", nargs=-1, shell_complete=paths)
@file_option(
    multiple=True,
    text="Path of a Dockerfile, as in docker build; directories in PATHS are then not searched.",
)
@format_option("check", default="text")
@output_option
@click.option(
    "--select",
    multiple=True,
    metavar="CODE",
    help="Use only these rules; repeatable or separated by commas.",
    shell_complete=codes,
)
@click.option(
    "--enable",
    multiple=True,
    metavar="CODE",
    help="Also use these rules, which are off by default; repeatable or separated by commas.",
    shell_complete=codes,
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODE",
    help="Skip these rules; repeatable or separated by commas.",
    shell_complete=codes,
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
    help="Search the repository for the builds it runs; outside of one, the directories in PATHS.",
)
@build_options
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
@click.option(
    "--explain", metavar="CODE", help="Describe a rule with examples and exit.", shell_complete=codes
)
def check(
    paths: tuple[str, ...],
    file: tuple[str, ...],
    format_name: str,
    output: str,
    select: tuple[str, ...],
    enable: tuple[str, ...],
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

    PATHS are Dockerfiles, directories to search for Dockerfiles, bake or compose files, whose Dockerfiles are
    checked, or - for standard input. The default
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
    if list_rules or explain is not None:
        others = [name for name in click.get_current_context().params if name not in _PAGES]
        refuse_given(others, f"with {'--list-rules' if list_rules else '--explain'}")
    if list_rules:
        write(_rules().encode(), output)
        return 0
    if explain is not None:
        write(_page(explain).encode(), output)
        return 0
    from stagegraph.check.run import run_of
    from stagegraph.check.work import work_of

    settings = _settings(select, enable, ignore, exclude, fail_on, discover)
    settings = replace(settings, include_fixtures=include_fixtures or settings.include_fixtures)
    format_name = format_of("check", format_name, output)
    _refuse_ignored(format_name, fixes=fix or fix_idle or diff)
    work = work_of(_named(file, paths) or (".",), settings, options, _near(paths))
    if fix or fix_idle or diff:
        from stagegraph.cli.fix import fix_files

        if options.targets and all(task.candidate.path != "-" for task in work.tasks):
            with_missing_targets(
                run_of(work, settings.exclude, _progress(len(work.tasks))), options.all_targets
            )
        for note in work.notes:
            print(f"note: {printable(str(note))}", file=sys.stderr)
        code = fix_files(work.tasks, output, write_files=not diff, idle=fix_idle)
        return code or int(_is_empty(work, fail_on_empty))
    run = with_missing_targets(
        run_of(work, settings.exclude, _progress(len(work.tasks))), options.all_targets
    )
    write(render("check", run, format_name, verbose=verbose, **terminal_options(output)), output)
    return int(_fails(run, settings.fail_on) or _is_empty(work, fail_on_empty))


def _named(files: tuple[str, ...], paths: tuple[str, ...]) -> tuple[str, ...]:
    """The paths to check: ``paths``, or the Dockerfiles of -f, whose build contexts ``paths`` are."""
    if not files:
        return tuple(dict.fromkeys(one for path in paths for one in _dockerfiles(path)))
    return tuple(dict.fromkeys(dockerfile_of(file, path) for file in files for path in paths or ("",)))


def _near(paths: tuple[str, ...]) -> tuple[str, ...]:
    """The directories of bake and compose files among ``paths``, whose builds are known."""
    from stagegraph.request.names import names_request

    return tuple(
        os.path.dirname(path) or "." for path in paths if not os.path.isdir(path) and names_request(path)
    )


def _dockerfiles(path: str) -> tuple[str, ...]:
    """The Dockerfiles of a bake or compose file; ``path`` itself for everything else.

    To a directory, those are added that its bake or compose file builds outside of it.
    """
    from stagegraph.errors import StagegraphError
    from stagegraph.request.names import names_request

    if path == "-" or not names_request(path):
        return (path,)
    from stagegraph.request.read import dockerfiles_of

    if not os.path.isdir(path):
        return dockerfiles_of(path, os.environ) or (path,)
    try:
        built = dockerfiles_of(path, os.environ)
    except StagegraphError:
        return (path,)  # the Dockerfiles in it do not depend on this file
    outside = [one for one in built if os.path.relpath(one, path).startswith("..") and os.path.isfile(one)]
    return (path, *outside) if not outside or _has_dockerfiles(path) else tuple(outside)


def _has_dockerfiles(directory: str) -> bool:
    from stagegraph.discovery.file_names import is_dockerfile_name
    from stagegraph.discovery.repository import FileTree

    return any(is_dockerfile_name(os.path.basename(path)) for path in FileTree().walk(directory).paths)


def _refuse_ignored(format_name: str, *, fixes: bool) -> None:
    """Raise click.UsageError for options that have no effect together."""
    if is_given("verbose") and format_name != "text":
        raise click.UsageError(f"--verbose has no effect on {format_name}; it changes text")
    for name in ("format_name", "verbose", "fail_on"):
        if fixes and is_given(name):
            option = name.removesuffix("_name").replace("_", "-")
            raise click.UsageError(f"--{option} has no effect with --fix, --fix-idle and --diff")


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
    enable: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    fail_on: str | None,
    discover: bool | None,
) -> Settings:
    """The settings of the project, overridden by the command line."""
    from stagegraph.check.settings import check_codes, read_settings

    settings = read_settings(Path())
    selected, enabled, ignored = _split(select), _split(enable), _split(ignore)
    check_codes(selected, "--select")
    check_codes(enabled, "--enable")
    check_codes(ignored, "--ignore")
    return replace(
        settings,
        select=selected or settings.select,
        enable=(*settings.enable, *enabled),
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


def _is_empty(work: Work, fail_on_empty: bool) -> bool:
    """Whether a directory that the user named has no Dockerfile; the current one counts with the option."""
    return (fail_on_empty and not work.tasks) or any(str(Path(path)) != "." for path in work.empty)


def _fails(run: Run, fail_on: str) -> bool:
    from stagegraph.model import Severity

    return run.fails(None if fail_on == "never" else Severity(fail_on))
