"""``stagegraph sizes``: what an image weighs, by line of its Dockerfile."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click

from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import format_option, output_option, terminal_options
from stagegraph.cli.completed_values import paths
from stagegraph.cli.dockerfile import dockerfile_of, file_option
from stagegraph.cli.format_choice import format_of, refuse_given
from stagegraph.cli.measured_image import measured_image, usage_option
from stagegraph.cli.writing import write
from stagegraph.formats import formats, render

if TYPE_CHECKING:
    from stagegraph.options import Options
    from stagegraph.sizes.sizes import Sizes

_USAGE = (
    "pass one IMAGE and at most one DOCKERFILE",
    "with --compare, pass two images, OLD and NEW, and at most one DOCKERFILE",
)
_TOO_LARGE = 3  # the exit code of --fail-over and --fail-wasted
_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}


class _Amount(click.ParamType[float]):
    """A size such as 200MB, or a share such as 5%."""

    def __init__(self, name: str, pattern: str, example: str) -> None:
        self.name = name
        self._pattern = pattern
        self._example = example

    def convert(self, value: str | float, param: click.Parameter | None, ctx: click.Context | None) -> float:
        match = re.fullmatch(self._pattern, str(value).strip(), re.IGNORECASE)
        if not match:
            self.fail(f"{value!r} is not {self._example}", param, ctx)
        units = {unit.lower(): factor for unit, factor in _UNITS.items()}
        return float(match[1]) * units.get(match[2].lower(), 1)


_SIZE = _Amount("SIZE", r"(\d{1,12}(?:\.\d{1,6})?) ?([kmg]i?b|b|)", "a size such as 200MB")
_SHARE = _Amount("PERCENT", r"(\d{1,3}(?:\.\d{1,3})?) ?(%?)", "a share such as 5%")


@click.command()
@click.argument("arguments", nargs=-1, required=True, metavar="IMAGE [DOCKERFILE]", shell_complete=paths)
@file_option()
@format_option("sizes", default="text")
@output_option
@click.option("--name", default="", metavar="NAME", help="The image to read, if the archive has several.")
@usage_option("what stays behind")
@click.option("--compare", is_flag=True, help="Compare two images: pass OLD and NEW instead of IMAGE.")
@click.option("--fail-over", type=_SIZE, help="Exit with code 3 if more than this ships, such as 200MB.")
@click.option(
    "--fail-wasted",
    type=_SHARE,
    help="Exit with code 3 if later layers hide more than this share of the unpacked bytes, such as 5%.",
)
@build_options
def sizes(
    arguments: tuple[str, ...],
    file: str,
    options: Options,
    format_name: str,
    output: str,
    name: str,
    usage: str,
    compare: bool,
    fail_over: float | None,
    fail_wasted: float | None,
) -> int:
    """Show what an image weighs: by line of its Dockerfile, and what to change first.

    IMAGE is an archive of `docker save`, an OCI layout as a tar file or a directory, or - for standard
    input. DOCKERFILE is the file that it was built from; the default is the one in its provenance, else
    ./Dockerfile if that fits. The exit code is 3 if the image exceeds --fail-over or --fail-wasted.

    \b
    Examples:
      docker save app | stagegraph sizes - Dockerfile
      stagegraph sizes image.tar --usage du.jsonl
      stagegraph sizes --compare old.tar new.tar Dockerfile -F markdown
      stagegraph sizes image.tar --fail-over 200MB --fail-wasted 5%
    """
    from stagegraph.sizes.usage import read_usage_file

    images = 2 if compare else 1
    if not images <= len(arguments) <= images + 1:
        raise click.UsageError(_USAGE[images - 1])
    command = "sizes --compare" if compare else "sizes"
    format_name = format_of(command, format_name, output)
    if format_name not in formats(command):
        raise click.UsageError(
            f"--compare does not support {format_name}; use one of {', '.join(formats(command))}"
        )
    dockerfile = dockerfile_of(file, arguments[images] if len(arguments) > images else "")
    records = read_usage_file(usage) if usage else ()
    pairs = [measured_image(path, name, dockerfile, options, records) for path in arguments[:images]]
    if not any(build for _, build in pairs):
        refuse_given(("targets", "build_args", "contexts"), "without a Dockerfile; pass it after the image")
    measured = [sizes for sizes, _ in pairs]
    write(render(command, _shown(measured), format_name, **terminal_options(output)), output)
    return _too_large(measured[-1], fail_over, fail_wasted)


def _shown(measured: list[Sizes]) -> object:
    if len(measured) == 1:
        return measured[0]
    from stagegraph.sizes.compare import compare_sizes

    return compare_sizes(*measured)


def _too_large(sizes: Sizes, most: float | None, most_wasted: float | None) -> int:
    from stagegraph.units import share, size

    code = 0
    if most is not None and sizes.in_image > most:
        print(f"{size(sizes.in_image)} ship; the limit is {size(round(most))}", file=sys.stderr)
        code = _TOO_LARGE
    if most_wasted is not None and sizes.wasted * 100 > most_wasted * sizes.unpacked:
        part = share(sizes.wasted, sizes.unpacked)
        print(f"later layers hide {part} of the bytes; the limit is {most_wasted:g}%", file=sys.stderr)
        code = _TOO_LARGE
    return code
