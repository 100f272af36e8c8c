"""``stagegraph timings``: show where a recorded build spent its time."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING, cast

import click

from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import build_option, format_option, output_option, terminal_options
from stagegraph.cli.completed_values import paths
from stagegraph.cli.dockerfile import dockerfile_of, file_option
from stagegraph.cli.format_choice import format_of, refuse_given
from stagegraph.cli.named_build import NamedBuild
from stagegraph.cli.writing import write
from stagegraph.errors import OptionsError
from stagegraph.formats import formats, render

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.graph.request import Request
    from stagegraph.model import Report
    from stagegraph.options import Options
    from stagegraph.timings.timings import Timings

_USAGE = (
    "pass one RECORD and at most one DOCKERFILE",
    "with --compare, pass two records, BEFORE and AFTER, and at most one DOCKERFILE",
)
TOO_SLOW = 3  # the exit code of --fail-over and --fail-path-over


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="RECORD [DOCKERFILE]", shell_complete=paths)
@file_option()
@format_option("timings", default="text")
@output_option
@build_option
@click.option("--compare", is_flag=True, help="Compare two records: pass BEFORE and AFTER instead of RECORD.")
@click.option(
    "--since",
    default="",
    metavar="REV",
    help="Say why the cache ended where it did: what changed between this commit and the files on disk.",
)
@click.option("--plan", is_flag=True, help="Show which changes shorten the build most together.")
@click.option(
    "--fail-over", type=float, metavar="SECONDS", help="Exit with code 3 if the build took longer than this."
)
@click.option(
    "--fail-path-over",
    type=float,
    metavar="SECONDS",
    help="Exit with code 3 if the critical path took longer than this.",
)
@click.option(
    "--perfetto",
    default="",
    metavar="FILE",
    help="Also write a trace for ui.perfetto.dev.",
    shell_complete=paths,
)
@build_options
def timings(
    arguments: tuple[str, ...],
    file: str,
    options: Options,
    format_name: str,
    output: str,
    build: str,
    compare: bool,
    since: str,
    plan: bool,
    fail_over: float | None,
    fail_path_over: float | None,
    perfetto: str,
) -> int:
    """Show where a recorded build spent its time, and which line to change first.

    RECORD is a .dockerbuild bundle, the output of docker build with --progress=rawjson or
    --progress=plain, the log of a CI job, or - for standard input. DOCKERFILE is the file that was
    built; a bundle contains it, and a log needs it for the critical path. It can be a bake or compose
    file: the records of its targets are then one build. The exit code is 3 if the
    build exceeds --fail-over or --fail-path-over.

    \b
    Examples:
      stagegraph timings build.dockerbuild
      stagegraph timings build.jsonl app/Dockerfile -F json
      stagegraph timings --compare before.dockerbuild after.dockerbuild
      stagegraph timings build.dockerbuild --since HEAD~1
      stagegraph timings build.dockerbuild --fail-over 300
    """
    records = 2 if compare else 1
    if not records <= len(arguments) <= records + 1:
        raise click.UsageError(_USAGE[records - 1])
    dockerfile = dockerfile_of(file, arguments[records] if len(arguments) > records else "")
    format_name = format_of("timings --compare" if compare else "timings", format_name, output)
    if compare or format_name == "html":
        refuse_given(("since", "plan"), "with --compare" if compare else "on html")
    if compare:
        measured = _compared(arguments[0], arguments[1], build, dockerfile, options, format_name, output)
    else:
        measured, report = _measured(arguments[0], build, dockerfile, options, format_name, since, plan=plan)
        write(render("timings", measured, format_name, report=report, **terminal_options(output)), output)
    if perfetto:
        from stagegraph.formats.timings_perfetto import render as render_trace

        write(render_trace(measured).encode("utf-8", "replace"), perfetto)
    return _too_slow(measured, fail_over, fail_path_over)


def _compared(
    before: str, after: str, build: str, dockerfile: str, options: Options, format_name: str, output: str
) -> Timings:
    """Write the comparison of two builds; returns the timings of the later one."""
    from stagegraph.cli.cache_reasons import since_record
    from stagegraph.cli.recorded import timings_named
    from stagegraph.timings.compare import compare_timings

    rows = formats("timings --compare")
    if format_name not in rows:
        raise click.UsageError(f"--compare does not support {format_name}; use one of {', '.join(rows)}")
    builds = [timings_named(path, build, dockerfile, options) for path in (before, after)]
    _refuse_build_options([of_dockerfile for _, of_dockerfile in builds])
    (first, old), (second, new) = builds
    comparison = compare_timings(first, since_record(first, second, (old, new)))
    write(render("timings --compare", comparison, format_name, **terminal_options(output)), output)
    return comparison.after


def _measured(
    record: str,
    build: str,
    dockerfile: str,
    options: Options,
    format_name: str,
    since: str,
    *,
    plan: bool,
) -> tuple[Timings, Report | None]:
    """The timings, and the report of the Dockerfile for formats that draw it."""
    from stagegraph.cli.recorded import timings_named

    if named := _bake_file(dockerfile, build):
        from stagegraph.cli.recorded import timings_of_request

        return timings_of_request(record, cast("Request", named.read())), None
    timings, of_dockerfile = timings_named(record, build, dockerfile, options, plan=plan)
    _refuse_build_options([of_dockerfile])
    if since:
        timings = _with_reasons(timings, of_dockerfile, dockerfile, since)
    if (
        of_dockerfile is None
        or not timings.dependencies_known
        or "report" not in formats("timings")[format_name].options
    ):
        return timings, None
    from stagegraph.graph.report import analyse
    from stagegraph.timings.timed_report import weights

    return timings, analyse(of_dockerfile, weights(timings, of_dockerfile))


def _bake_file(path: str, build: str) -> NamedBuild | None:
    """The bake or compose file at ``path``, whose records are joined; click.UsageError for other options."""
    named = NamedBuild(path=path)
    if not path or not named.is_request:
        return None
    given = ("targets", "build_args", "platforms", "contexts", "since", "plan")
    refuse_given(given, "with a bake or compose file")
    if build:
        raise click.UsageError("--build chooses one record; leave out the bake or compose file")
    return named


def _with_reasons(timings: Timings, build: Build | None, dockerfile: str, since: str) -> Timings:
    from stagegraph.cli.cache_reasons import since_commit
    from stagegraph.errors import InputError

    if build is None or timings.mismatch:
        raise InputError(
            timings.mismatch or "--since needs the Dockerfile that was built",
            hint="pass the Dockerfile on disk after the record",
        )
    return since_commit(timings, build, dockerfile, since)


def _refuse_build_options(builds: Iterable[Build | None]) -> None:
    """Raise click.UsageError for the options of a build if the Dockerfile of no record is known."""
    if not any(builds):
        why = "without a Dockerfile; pass it after the record"
        refuse_given(("targets", "build_args", "platforms", "contexts"), why)


def _too_slow(timings: Timings, most: float | None, most_of_path: float | None) -> int:
    from stagegraph.units import duration

    code = 0
    path_time = timings.path_time if timings.dependencies_known else None
    for what, took, limit in (
        ("the build took", timings.wall, most),
        ("the critical path took", path_time, most_of_path),
    ):
        if limit is None:
            continue
        if took is None:
            raise OptionsError(
                f"it is unknown how long {what}: a log does not say what each step waited for",
                hint="pass the Dockerfile of this build after the record",
            )
        if took > limit * 1e9:
            print(f"{what} {duration(took)}; the limit is {limit:g} s", file=sys.stderr)
            code = TOO_SLOW
    return code
