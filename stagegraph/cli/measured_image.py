"""Reads the image and the list of the cache that a command line names, and measures them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from stagegraph.cli.completed_values import paths
from stagegraph.cli.suggestions import suggesting_commands
from stagegraph.errors import InputError, StagegraphError
from stagegraph.source import printable

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.model import Report
    from stagegraph.options import Options
    from stagegraph.sizes.image import Image
    from stagegraph.sizes.sizes import Sizes
    from stagegraph.sizes.usage import CacheRecord

_LARGEST_USAGE = 256 * 1024 * 1024


def usage_option(adds: str) -> Callable[..., Any]:
    """``--usage``; its help says what it ``adds``."""
    return click.option(
        "--usage",
        default="",
        metavar="FILE",
        help=f"What `docker buildx du --format json` prints after the build: adds {adds}.",
        shell_complete=paths,
    )


def bytes_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give ``command`` the options for bytes, as ``image`` and ``usage``."""

    @wraps(command)
    def with_bytes(*, image: str, usage: str, record: str, **others: Any) -> Any:
        if record and (image or usage):
            raise click.UsageError(
                "--record shows times and --image and --usage show bytes; choose one of them"
            )
        return command(image=image, usage=usage, record=record, **others)

    decorated: Callable[..., Any] = with_bytes
    image = click.option(
        "--image",
        default="",
        metavar="FILE",
        help="The image that was built, as an archive: show its bytes.",
        shell_complete=paths,
    )
    for option in (usage_option("the bytes of what stays behind"), image):
        decorated = option(decorated)
    return decorated


def cache_records(path: str) -> tuple[CacheRecord, ...]:
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


def measured_image(
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


def weighed_report(image: str, usage: str, dockerfile: str, options: Options) -> Report:
    """The report of the Dockerfile with the bytes of ``image`` and of the cache.

    Raises InputError if the Dockerfile did not make the image.
    """
    from stagegraph.graph.report import analyse
    from stagegraph.sizes.usage import usage_of
    from stagegraph.sizes.weighed import weighed

    records = cache_records(usage)
    sizes = None
    if image:
        here = "Dockerfile" if os.path.exists("Dockerfile") else ""
        sizes, build = measured_image(image, "", dockerfile or here, options, records)
        if build is None or not sizes.dockerfile:
            reason = sizes.notes[-1] if build else f"no Dockerfile here made the image {image}"
            raise InputError(printable(reason), hint="pass the Dockerfile and the options of the build")
        for note in sizes.notes:
            print(f"note: {printable(note)}", file=sys.stderr)
    else:
        build = _read(dockerfile, options)
    return weighed(analyse(build), build, sizes, usage_of(build, records) if records else None)


def _read(dockerfile: str, options: Options) -> Build:
    from stagegraph.graph.build import build_of
    from stagegraph.reading import read_source

    with suggesting_commands(dockerfile):
        return build_of(read_source(dockerfile), options)


def _build(image: Image, dockerfile: str, options: Options) -> tuple[Build | None, tuple[str, ...]]:
    """The build that made ``image``, and a note on which Dockerfile that is of."""
    from stagegraph.sizes.lines import made_image
    from stagegraph.sizes.provenance import build_in_provenance

    if dockerfile:
        return _read(dockerfile, options), ()
    known = build_in_provenance(image)
    if known is not None:
        return known, ("the Dockerfile is the one in the provenance of the image",)
    try:
        here = _read("", options)
    except StagegraphError:
        return None, ("without the Dockerfile, layers have no lines: pass it after IMAGE",)
    if made_image(image, here):
        return here, (f"the Dockerfile is {here.source.name}, which fits the image",)
    return None, (f"{here.source.name} did not make this image: pass the Dockerfile after IMAGE",)
