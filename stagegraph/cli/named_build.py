"""What a command line asks to be built: a Dockerfile, or the targets of a bake or compose file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, cast

import click
from msgspec import Struct

from stagegraph.bake.files import DISK, FileSystem
from stagegraph.cli.suggestions import suggesting_commands
from stagegraph.options import Options
from stagegraph.reading import NAMES
from stagegraph.request.names import names_request
from stagegraph.source import printable

if TYPE_CHECKING:
    from stagegraph.graph.build import Build
    from stagegraph.graph.request import Request
    from stagegraph.model import Report


_MOST_NAMES = 12  # in a message


class NamedBuild(Struct, frozen=True, kw_only=True):
    """The words of a command line that name a build; ``path`` is empty for the current directory.

    ``reader`` is bake or compose if the user asks for one; ``overrides`` are the values of ``--set``.
    ``all_dockerfiles`` asks for those of a whole directory, if no bake or compose file says what to build.
    """

    path: str = ""
    options: Options = Options()
    targets: tuple[str, ...] = ()
    overrides: tuple[str, ...] = ()
    reader: str = ""
    all_dockerfiles: bool = False

    def read(self, system: FileSystem = DISK) -> Build | Request:
        """The build of the Dockerfile, or the request of the bake or compose file. Raises StagegraphError.

        ``system`` has the files; it is also asked for the path of a Dockerfile.
        """
        from stagegraph.graph.build import build_of
        from stagegraph.reading import read_source

        text = _printed() if self.path == "-" else None
        if self._is_request(text):
            return self._request(text, system)
        if self._is_repository:
            return self._repository()
        if self.targets or self.overrides:
            what = "targets; choose stages with --target" if self.targets else "options for --set"
            raise click.UsageError(f"only a bake or compose file has {what}")
        if text is not None:
            from stagegraph.dockerfile.logical import source_from_bytes

            with suggesting_commands("-"):
                return build_of(source_from_bytes(text, "<stdin>"), self.options)
        system.is_file(self.path or ".")  # a system that follows files must know of it
        with suggesting_commands(self.path):
            return build_of(read_source(self.path), self.options)

    def report(self, *, record: str = "", build: str = "", image: str = "", usage: str = "") -> Report:
        """The report of what ``read`` gives, with the times of a record or the bytes of an image, if named.

        Raises StagegraphError, and click.UsageError if only one Dockerfile can have these.
        """
        if record and self.asks_for_bake:
            return self._timed(record, build)
        if record:
            from stagegraph.cli.recorded import timed_report

            return timed_report(record, build, self.dockerfile("--record"), self.options)
        if image or usage:
            from stagegraph.cli.measured_image import weighed_report

            return weighed_report(image, usage, self._one_build("--image" if image else "--usage"))
        from stagegraph.graph.report import analyse

        return analyse(self.read())

    def _timed(self, record: str, build: str) -> Report:
        from stagegraph.cli.recorded import timed_report_of_request

        if build:
            raise click.UsageError("--build chooses one record; leave out the bake or compose file")
        return timed_report_of_request(record, cast("Request", self.read()))

    def _one_build(self, option: str) -> Build:
        """The build that ``option`` is about: of a Dockerfile, or of the only target of a bake file."""
        from stagegraph.graph.build import Build
        from stagegraph.graph.request import build_of_target

        value = self.read()
        if isinstance(value, Build):
            return value
        build = build_of_target(value)
        if build is None:
            names = [one.name for one in value.bake_targets if not one.linked]
            shown = ", ".join(names[:_MOST_NAMES]) + ", …" * (len(names) > _MOST_NAMES)
            reason = f"{value.name} builds {shown}: name one target"
            if len(names) == 1:
                reason = f"the Dockerfile of {shown} is not here: name a target of this repository"
            raise click.UsageError(printable(f"{option} is about one image, and {reason}"))
        return build

    @property
    def asks_for_bake(self) -> bool:
        """Whether words of the command line name a bake or compose file, or targets of one.

        A record can hold its Dockerfile, so the default file of the current directory does not count.
        """
        return bool(self.reader or self.targets or self.overrides or (self.path and self.is_request))

    def files(self) -> tuple[str, tuple[str, ...]]:
        """The directory of the bake or compose files, and their names in it; none for default names."""
        from stagegraph.request.read import files_of

        return files_of(self.path, compose=self.reader == "compose")

    def dockerfile(self, option: str) -> str:
        """The path of the one Dockerfile that ``option`` is about; click.UsageError for several."""
        if self.asks_for_bake or self._is_repository:
            shown = printable(
                self.path or ("a directory" if self._is_repository else "a bake or compose file")
            )
            raise click.UsageError(
                f"{option} is about one Dockerfile, and {shown} can have several: name one"
            )
        return self.path

    @property
    def _is_repository(self) -> bool:
        """Whether all Dockerfiles of a directory are asked for: one with a name, or without its own file."""
        if not self.all_dockerfiles or self.targets or not os.path.isdir(self.path or ".") or self.is_request:
            return False
        return bool(self.path) or not any(os.path.isfile(name) for name in NAMES)

    def _repository(self) -> Request:
        from stagegraph.request.repository import read_repository

        if self.options != Options() or self.overrides:
            raise click.UsageError("--all of a directory has no options of a build; name a Dockerfile")
        return read_repository(self.path)

    @property
    def is_request(self) -> bool:
        """Whether it is a bake or compose file, or a directory with one and without a Dockerfile."""
        return self.path != "-" and self._is_request(None)

    def _is_request(self, text: bytes | None) -> bool:
        if self.reader:
            return True
        if text is not None:
            return text.lstrip().startswith(b"{")  # no instruction begins with a brace
        return names_request(self.path)

    def _request(self, text: bytes | None, system: FileSystem) -> Request:
        from stagegraph.request.read import read_request

        if self.options != Options():
            shown = printable(self.path or "the bake file")
            raise click.UsageError(f"{shown} has the options of its builds; change them with --set")
        return read_request(
            self.path,
            self.targets,
            self.overrides,
            os.environ,
            compose=self.reader == "compose",
            stdin=None if text is None else text.decode("utf-8", "replace"),
            system=system,
        )


def named_build(
    words: tuple[str, ...], file: str, options: Options, overrides: tuple[str, ...], reader: str
) -> NamedBuild:
    """The build that ``words`` name: a path, then targets; or only targets where there is no such path."""
    path, targets = (words[0], words[1:]) if words else ("", ())
    if path and not file and _is_target(path, reader):
        path, targets = "", words
    return NamedBuild(path=file or path, options=options, targets=targets, overrides=overrides, reader=reader)


def _is_target(word: str, reader: str) -> bool:
    if word == "-" or os.path.exists(word):
        return False
    return bool(reader) or ("/" not in word and "." not in word and names_request("."))


def _printed() -> bytes:
    from stagegraph.bake.files import LARGEST_FILE

    return sys.stdin.buffer.read(LARGEST_FILE + 1)
