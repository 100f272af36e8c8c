"""Reads the image and the list of the cache that a command line names, and measures them."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

import click
from msgspec.structs import replace

from stagegraph.cli.completed_values import paths
from stagegraph.cli.suggestions import suggesting_commands
from stagegraph.errors import StagegraphError

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.model import Report
    from stagegraph.options import Options
    from stagegraph.sizes.image import Image
    from stagegraph.sizes.sizes import Sizes
    from stagegraph.sizes.usage import CacheRecord


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
            raise click.UsageError("--record shows times, --image and --usage show bytes: choose one")
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


def weighed_report(image: str, usage: str, build: Build) -> Report:
    """The report of ``build`` with the bytes of ``image`` and of the cache.

    Raises InputError if it did not make the image.
    """
    from stagegraph.cli.recorded import progress_of
    from stagegraph.sizes.weighed import weighed_from_files

    with progress_of(image) as tick:
        return weighed_from_files(build, image, usage, tick)


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
