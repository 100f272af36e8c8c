"""``stagegraph timings``: where the time of a build went."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from stagegraph.cli.common import asks_for_builds, colour_wanted, options_of, terminal_width
from stagegraph.cli.writing import write
from stagegraph.renderers.timings_formats import TIMINGS_FORMATS

if TYPE_CHECKING:
    from stagegraph.measured.model import Timings
    from stagegraph.model import Report
    from stagegraph.options import Options

TOO_SLOW = 3  # the exit code of --fail-over and --fail-path-over


@click.command()
@click.argument("record")
@click.argument("dockerfile", default="", required=False)
@click.option(
    "-f",
    "--format",
    "format_name",
    type=click.Choice(list(TIMINGS_FORMATS)),
    default="text",
    show_default=True,
    help="Text for people, JSON for programs, Markdown for job summaries.",
)
@click.option(
    "-o", "--output", default="", metavar="FILE", help="File to write; - or none for standard output."
)
@click.option("--build", default="", metavar="NAME", help="Which build of a RECORD that holds several.")
@click.option("--compare", is_flag=True, help="Compare two records: BEFORE AFTER in place of RECORD.")
@click.option(
    "--fail-over", type=float, metavar="SECONDS", help="Exit 3 when the build took longer than this."
)
@click.option(
    "--fail-path-over", type=float, metavar="SECONDS", help="Exit 3 when its critical path ran longer."
)
@click.option("--perfetto", default="", metavar="FILE", help="Write a trace for ui.perfetto.dev, too.")
@asks_for_builds
def timings(
    record: str,
    dockerfile: str,
    targets: tuple[str, ...],
    build_args: tuple[str, ...],
    platforms: tuple[str, ...],
    contexts: tuple[str, ...],
    format_name: str,
    output: str,
    build: str,
    compare: bool,
    fail_over: float | None,
    fail_path_over: float | None,
    perfetto: str,
) -> int:
    """Say where the time of a build went, and which line to change first.

    RECORD is a .dockerbuild bundle, what docker build printed with --progress=rawjson or
    --progress=plain, the log of a GitHub Actions job, or - for standard input. DOCKERFILE is what
    it was made from: a bundle carries it. Exit code 3: the build took longer than it may.

    \b
    Examples:
      stagegraph timings build.dockerbuild
      stagegraph timings build.jsonl app/Dockerfile --format json
      stagegraph timings --compare before.dockerbuild after.dockerbuild
      stagegraph timings build.dockerbuild --fail-over 300
    """
    options = options_of(targets, build_args, platforms, contexts)
    if compare:
        raise click.UsageError("--compare is not there yet")
    found, report = _measured(record, build, dockerfile, options, format_name)
    write(_rendered(found, format_name, output, report), output)
    if perfetto:
        from stagegraph.renderers.perfetto import perfetto as trace

        write(trace(found).encode("utf-8", "replace"), perfetto)
    return _too_slow(found, fail_over, fail_path_over)


def _measured(
    record: str, build: str, dockerfile: str, options: Options, format_name: str
) -> tuple[Timings, Report | None]:
    from stagegraph.cli.recorded import timings_named

    found, read = timings_named(record, build, dockerfile, options)
    if not TIMINGS_FORMATS[format_name].with_report:
        return found, None
    from stagegraph.measured.static_graph import weights
    from stagegraph.measured.ties import build_of_record
    from stagegraph.report import analyse

    static = build_of_record(read, found.dockerfile, options)
    return found, analyse(static, weights(found, static)) if static else None


def _rendered(found: Timings, format_name: str, output: str, report: Report | None) -> bytes:
    if format_name == "text":
        from stagegraph.renderers.timings_text import timings_text

        colour = colour_wanted() and output in ("", "-")
        width = terminal_width() if sys.stdout.isatty() else 80
        return timings_text(found, colour=colour, width=width).encode("utf-8", "replace")
    return TIMINGS_FORMATS[format_name].make(found, report)


def _too_slow(found: Timings, most: float | None, most_of_path: float | None) -> int:
    from stagegraph.renderers.durations import duration

    code = 0
    for what, took, limit in (
        ("the build took", found.wall, most),
        ("the critical path ran", found.path_time, most_of_path),
    ):
        if limit is not None and took > limit * 1e9:
            print(f"{what} {duration(took)}, which is more than {limit:g} s", file=sys.stderr)
            code = TOO_SLOW
    return code
