"""One state of a build: a resolved Dockerfile and the context that it reads."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Mapping
from functools import cached_property

from msgspec import Struct

from stagegraph.dockerfile.logical import MAX_BYTES, source_from_bytes
from stagegraph.errors import InputError
from stagegraph.graph.build import Build, build_of
from stagegraph.graph.steps import CONTEXT_WORDS
from stagegraph.options import Options
from stagegraph.reading import find, read_bytes
from stagegraph.rebuild.context import Context, Entry
from stagegraph.rebuild.keys import step_keys
from stagegraph.rebuild.tree import Node, folder

_DEFAULT_OPTIONS = Options()


class BuildState(Struct, frozen=True, kw_only=True, dict=True):
    """A build and its context; ``ignore`` is the text of its ignore file, ``ignore_name`` its name."""

    build: Build
    context: Context
    ignore: bytes = b""
    ignore_name: str = ".dockerignore"

    @classmethod
    def from_folder(
        cls, path: str | os.PathLike[str], dockerfile: str = "", options: Options = _DEFAULT_OPTIONS
    ) -> BuildState:
        """The build of ``dockerfile`` with the folder ``path`` as context; the Dockerfile in it by default.

        Raises InputError for what cannot be read, DockerfileError and OptionsError as ``read`` does.
        """
        context = Context.from_folder(path)
        file = dockerfile or str(find(os.fspath(path)))
        build = build_of(source_from_bytes(*read_bytes(file)), options)
        name, data = _beside(file)
        if not name:
            name, data = context.ignore_file("")
        return cls(build=build, context=context, ignore=data, ignore_name=name or ".dockerignore")

    @classmethod
    def from_files(
        cls,
        files: Mapping[str, Entry],
        dockerfile: str = "Dockerfile",
        options: Options = _DEFAULT_OPTIONS,
    ) -> BuildState:
        """The build of ``dockerfile``, one of ``files``; they map a path to text, bytes or an entry."""
        return cls.from_context(Context.from_files(files), dockerfile, options)

    @classmethod
    def from_context(
        cls, context: Context, dockerfile: str = "Dockerfile", options: Options = _DEFAULT_OPTIONS
    ) -> BuildState:
        """The build of ``dockerfile``, a path in ``context``; contexts can be shared by many builds."""
        data = context.read(dockerfile, MAX_BYTES)
        if data is None:
            raise InputError(f"there is no file {dockerfile} in the context")
        name, ignore = context.ignore_file(posixpath.normpath(dockerfile))
        build = build_of(source_from_bytes(data, dockerfile), options)
        return cls(build=build, context=context, ignore=ignore, ignore_name=name or ".dockerignore")

    @cached_property
    def tree(self) -> Node:
        """The context without what the ignore file excludes; InputError for an invalid pattern."""
        return self.context.without_ignored(self.ignore, self.ignore_name)

    def copies_git_folder(self) -> int | None:
        """The line of the first step that reads all of the context, if a ``.git`` in it is not ignored.

        A build from a git URL leaves that folder out (moby/buildkit source/git/source.go, KeepGitDir).
        """
        probe = Context(folder({".git": folder()})).without_ignored(self.ignore, self.ignore_name)
        if ".git" not in probe.children:
            return None
        steps = self.build.steps
        for step, key in zip(steps, step_keys(steps, self.build.options.build_args), strict=True):
            whole = (one for one in key.inputs if steps[one.step].words == CONTEXT_WORDS and "/" in one.paths)
            if any(one.selectors[0].is_plain for one in whole) and step.span:
                return step.span.line
        return None


def _beside(dockerfile: str) -> tuple[str, bytes]:
    name = f"{dockerfile}.dockerignore"
    if not os.path.isfile(name):
        return "", b""
    data, name = read_bytes(name)
    return name, data
