"""``stagegraph sizes``: what an image weighs, by line of its Dockerfile."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import format_option, output_option, terminal_options
from stagegraph.cli.completed_values import paths
from stagegraph.cli.dockerfile import dockerfile_of, file_option
from stagegraph.cli.format_choice import format_of, refuse_given
from stagegraph.cli.suggestions import suggesting_commands
from stagegraph.cli.writing import write
from stagegraph.errors import InputError, StagegraphError
from stagegraph.formats import formats, render

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.options import Options
    from stagegraph.sizes.image import Image
    from stagegraph.sizes.sizes import Sizes
    from stagegraph.sizes.usage import CacheRecord

_USAGE = (
    "pass one IMAGE and at most one DOCKERFILE",
    "with --compare, pass two images, OLD and NEW, and at most one DOCKERFILE",
)
_TOO_LARGE = 3  # the exit code of --fail-over and --fail-wasted
_UNITS = {"": 1, "B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
_LARGEST_USAGE = 256 * 1024 * 1024


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
@click.option(
    "--usage",
    default="",
    metavar="FILE",
    help="What `docker buildx du --format json` prints after the build: adds what stays behind.",
    shell_complete=paths,
)
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
    records = _records(usage)
    pairs = [_measured(path, name, dockerfile, options, records) for path in arguments[:images]]
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


def _records(path: str) -> tuple[CacheRecord, ...]:
    """The records of the cache in the file ``path``; none without a path."""
    if not path:
        return ()
    from stagegraph.sizes.usage import read_usage

    try:
        with open(path, "rb") as file:
            data = file.read(_LARGEST_USAGE + 1)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {getattr(error, 'strerror', None) or error}") from None
    if len(data) > _LARGEST_USAGE:
        raise InputError(f"{path}: the file is larger than {_LARGEST_USAGE // 2**20} MiB")
    return read_usage(data.decode("utf-8", "replace"), path)


def _measured(
    path: str, name: str, dockerfile: str, options: Options, records: tuple[CacheRecord, ...]
) -> tuple[Sizes, Build | None]:
    """The sizes of the image at ``path``, and the build that made it, if it is known."""
    from stagegraph.cli.recorded import progress_of
    from stagegraph.sizes.image import read_image
    from stagegraph.sizes.sizes import sizes_of

    with progress_of(path) as tick:
        image = read_image(path, tick, platform=options.platforms[0] if options.platforms else "", name=name)
    build, note = _build(image, dockerfile, replace(options, platforms=(image.platform,)))
    measured = sizes_of(image, build, records)
    return replace(measured, notes=(*note, *measured.notes)), build


def _build(image: Image, dockerfile: str, options: Options) -> tuple[Build | None, tuple[str, ...]]:
    """The build that made ``image``, and a note on which Dockerfile that is of."""
    from stagegraph.graph.build import build_of
    from stagegraph.reading import read_source
    from stagegraph.sizes.lines import made_image
    from stagegraph.sizes.provenance import build_in_provenance

    if dockerfile:
        with suggesting_commands(dockerfile):
            return build_of(read_source(dockerfile), options), ()
    known = build_in_provenance(image)
    if known is not None:
        return known, ("the Dockerfile is the one in the provenance of the image",)
    try:
        here = build_of(read_source(""), options)
    except StagegraphError:
        return None, ("without the Dockerfile, layers have no lines: pass it after IMAGE",)
    if made_image(image, here):
        return here, (f"the Dockerfile is {here.source.name}, which fits the image",)
    return None, (f"{here.source.name} did not make this image: pass the Dockerfile after IMAGE",)


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
