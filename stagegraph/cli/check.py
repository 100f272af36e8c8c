"""``stagegraph check``: findings in one Dockerfile or in all of a repository."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from stagegraph.cli.common import asks_for_builds, colour_wanted, options_of, writes_output
from stagegraph.cli.writing import write

if TYPE_CHECKING:
    from stagegraph.check.check import CheckedFile
    from stagegraph.check.many import Run, Skipped
    from stagegraph.check.settings import Settings
    from stagegraph.check.work import Work
    from stagegraph.discovery.found_build import Note

_FORMATS = ("text", "json", "sarif", "github")
_FAIL_ON = ("error", "warning", "info", "never")
_PROGRESS_FROM = 100  # files


@click.command()
@click.argument("paths", nargs=-1)
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(_FORMATS),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, SARIF for code scanning, annotations for GitHub.",
)
@writes_output
@click.option(
    "--select", multiple=True, metavar="CODE", help="Run only these rules; repeatable or separated by commas."
)
@click.option(
    "--ignore",
    multiple=True,
    metavar="CODE",
    help="Skip these rules; repeatable or separated by commas.",
)
@click.option(
    "--exclude",
    multiple=True,
    metavar="PATTERN",
    help="Skip files in directories, as in .gitignore.",
)
@click.option(
    "--fail-on",
    type=click.Choice(_FAIL_ON),
    default=None,
    help="Lowest severity that makes the exit code 1; warning by default.",
)
@click.option(
    "--discover/--no-discover",
    default=None,
    help="Look for the builds that the repository runs; on by default inside one.",
)
@asks_for_builds
@click.option("--fix", is_flag=True, help="Show the changes that remove dead stages, then write the files.")
@click.option("--diff", is_flag=True, help="Only show what --fix would change.")
@click.option(
    "-v",
    "--verbose",
    is_flag=True,
    help="Show the reach of every stage and why, and list the builds found.",
)
@click.option("--list-rules", is_flag=True, help="List the rules and exit.")
@click.option("--explain", metavar="CODE", help="Explain a rule with examples and exit.")
def check(
    paths: tuple[str, ...],
    format_name: str,
    output: str,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    fail_on: str | None,
    discover: bool | None,
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
    fix: bool,
    diff: bool,
    verbose: bool,
    list_rules: bool,
    explain: str | None,
) -> int:
    """Find stages that nothing builds and other problems of a build graph.

    PATHS are Dockerfiles, directories that are searched for them, or - for standard input; the
    default is the current directory. Exit code: 0 no findings, 1 a finding of at least the severity
    of --fail-on or a file that cannot be read, 2 wrong usage.

    \b
    Examples:
      stagegraph check
      stagegraph check app/Dockerfile --target release
      stagegraph check --format sarif -o stagegraph.sarif
      stagegraph check --diff
      stagegraph check --explain dead-stage
    """
    if list_rules:
        write(_rules().encode(), output)
        return 0
    if explain is not None:
        write(_page(explain).encode(), output)
        return 0
    from stagegraph.check.work import work_of

    settings = _settings(select, ignore, exclude, fail_on, discover)
    asked = options_of(targets, build_args, platforms, contexts)
    work = work_of(paths or (".",), settings, asked)
    if fix or diff:
        from stagegraph.cli.fix import fix_files

        return fix_files(work.tasks, output, write_files=fix)
    run = _run(work)
    write(_rendered(run, format_name, output, verbose).encode("utf-8", "replace"), output)
    return int(_fails(run, settings.fail_on))


def _rules() -> str:
    from stagegraph.check.rules.registry import RULES

    width = max(map(len, RULES))
    return "".join(f"{rule.code:<{width}}  {rule.severity:<7}  {rule.summary}\n" for rule in RULES.values())


def _page(code: str) -> str:
    from stagegraph.check.pages import pages
    from stagegraph.check.rules.registry import RULES
    from stagegraph.check.settings import check_codes

    check_codes([code], "--explain")
    return f"## {code}\n\n{pages().get(code, RULES[code].summary)}\n"


def _settings(
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    exclude: tuple[str, ...],
    fail_on: str | None,
    discover: bool | None,
) -> Settings:
    """The settings of the project, overridden by those of the command line."""
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


def _run(work: Work) -> Run:
    from stagegraph.check.many import Run, Skipped, check_all

    results = check_all(work.tasks, _progress(len(work.tasks)))
    skipped = [result for result in results if isinstance(result, Skipped)]
    return Run(
        files=tuple(result for result in results if not isinstance(result, Skipped)),
        builds=tuple(use for discovery in work.discoveries for use in discovery.uses),
        notes=tuple(map(str, [*work.notes, *_skipped(skipped), *work.not_read])),
        not_understood=tuple(map(str, work.not_understood)),
    )


def _skipped(skipped: list[Skipped]) -> list[Note]:
    from stagegraph.check.work import skipped_note

    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(one.reason, []).append(one.path)
    return [skipped_note(files, reason) for reason, files in by_reason.items()]


def _progress(
    count: int,
) -> Callable[[Iterable[CheckedFile | Skipped]], Iterable[CheckedFile | Skipped]]:
    """A progress bar for many files if standard error is a terminal; else nothing."""
    if count < _PROGRESS_FROM or not sys.stderr.isatty():
        return lambda results: results

    def shown(results: Iterable[CheckedFile | Skipped]) -> Iterable[CheckedFile | Skipped]:
        from rich.console import Console
        from rich.progress import track

        console = Console(file=sys.stderr)
        return track(results, description="Checking", total=count, console=console, transient=True)

    return shown


def _rendered(run: Run, format_name: str, output: str, verbose: bool) -> str:
    if format_name == "json":
        from stagegraph.formats.check_json import check_json

        return check_json(run)
    if format_name == "sarif":
        from stagegraph.formats.check_sarif import sarif

        return sarif(run)
    if format_name == "github":
        from stagegraph.formats.check_github import github

        return github(run)
    from stagegraph.formats.check_text import check_text

    return check_text(run, colour=colour_wanted() and output in ("", "-"), verbose=verbose)


def _fails(run: Run, fail_on: str) -> bool:
    from stagegraph.model import Severity

    return run.fails(None if fail_on == "never" else Severity(fail_on))
