"""``stagegraph affected``: what a change makes BuildKit run again."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from stagegraph.cli.affected_bake import bake_targets, bake_targets_now
from stagegraph.cli.build_options import build_options
from stagegraph.cli.common import format_option, output_option, record_options, terminal_options
from stagegraph.cli.completed_values import paths
from stagegraph.cli.dockerfile import dockerfile_of, file_option
from stagegraph.cli.format_choice import format_of, refuse_given
from stagegraph.cli.named_build import NamedBuild, named_build
from stagegraph.cli.writing import write
from stagegraph.errors import InputError
from stagegraph.formats import formats, render
from stagegraph.options import Options
from stagegraph.source import printable, quoted

if TYPE_CHECKING:
    from stagegraph.formats.affected import Affected
    from stagegraph.formats.history import Histories
    from stagegraph.rebuild.targets import BuildTarget, Change

_OF_ONE_DOCKERFILE = ("record", "build", "context", "targets", "build_args", "platforms", "contexts")
_MOST_PATHS = 32 * 1024 * 1024  # bytes of `--changed -`


@click.command()
@click.argument("arguments", nargs=-1, metavar="[DOCKERFILE | FILE [TARGET]...]", shell_complete=paths)
@click.option(
    "--since",
    default="",
    metavar="REV",
    help="The commit before the change; by default where this branch left the default branch.",
)
@click.option(
    "--changed",
    multiple=True,
    metavar="PATH",
    help="A path that changed, instead of --since; - reads paths from standard input. Repeatable.",
)
@click.option("--staged", is_flag=True, help="The change is what is staged, and not all that is on disk.")
@click.option(
    "--context",
    default="",
    metavar="DIR",
    help="The build context; by default the directory of the Dockerfile.",
    shell_complete=paths,
)
@click.option(
    "--history",
    type=click.IntRange(1, 1_000_000),
    metavar="N",
    help="Instead of one change, the last N commits that changed the context: how often each step ran again.",
)
@format_option("affected", default="text")
@output_option
@click.option("--exit-code", is_flag=True, help="Exit with code 1 if a target has to be built.")
@record_options
@file_option()
@build_options
def affected(
    arguments: tuple[str, ...],
    file: str,
    options: Options,
    since: str,
    changed: tuple[str, ...],
    staged: bool,
    context: str,
    history: int | None,
    format_name: str,
    output: str,
    exit_code: bool,
    record: str,
    build: str,
) -> int:
    """Show what a change makes BuildKit run again, and why.

    Each step runs again, may run again (only if a step above it writes something else), or is cached. A
    target is affected if one of its steps is not cached, or if its image changes: by CMD, a label or a tag.
    The change is everything between the commit --since and the working tree, with files that git does not
    track. FILE is a bake or compose file, or a directory with one and without a Dockerfile; its TARGETs, by
    default those of its default group, are shown.

    \b
    Examples:
      stagegraph affected
      stagegraph affected app/Dockerfile --since origin/main -F markdown
      stagegraph affected docker-bake.hcl -F targets
      git diff --name-only HEAD~1 | stagegraph affected --changed -
      stagegraph affected --record build.dockerbuild
      stagegraph affected --history 200 --record build.dockerbuild
    """
    if changed and (since or staged):
        raise click.UsageError("--changed names the change, so it cannot be used with --since or --staged")
    if history:
        refuse_given(("since", "changed", "staged", "exit_code"), "with --history")
    command = "affected --history" if history else "affected"
    format_name = format_of(command, format_name, output)
    if format_name not in formats(command):
        raise click.UsageError(
            f"--history does not support {format_name}; use one of {', '.join(formats(command))}"
        )
    checked = dockerfile_of(file, arguments[0] if arguments else "")
    named = named_build(arguments, checked if file else "", options, (), "")
    if named.targets and not named.is_request:
        raise click.UsageError("only a bake or compose file has targets; choose stages with --target")
    if named.is_request:
        refuse_given(_OF_ONE_DOCKERFILE, "with a bake or compose file, which says how its targets are built")
    if history:
        seconds = partial(_seconds, record, build, named.path, options) if record else dict
        shown = _histories(named, context, history, seconds)
        write(render(command, shown, format_name, **terminal_options(output)), output)
        return 0
    change, root, revision = _change(_folder(named.path), since, changed, staged)
    if named.is_request:
        targets, before = bake_targets(named, change, root)
    else:
        targets, before = [target_of(named.path, context, options, root)], None
    value = _affected(revision, targets, change, before)
    if record:
        value = replace(value, seconds=(_seconds(record, build, named.path, options),))
    if not (changed or staged):
        _warn_of_last_commit(root, since, is_affected=bool(value.affected))
    write(render("affected", value, format_name, **terminal_options(output)), output)
    return int(exit_code and bool(value.affected))


def _histories(
    named: NamedBuild, context: str, count: int, seconds: Callable[[], Mapping[int, float]]
) -> Histories:
    from stagegraph.cli.history import histories_of
    from stagegraph.rebuild.git_tree import Repository

    repository = Repository(_folder(named.path))
    if named.is_request:
        targets = bake_targets_now(named, repository.root)
    else:
        targets = [target_of(named.path, context, named.options, repository.root)]
    return histories_of(repository, targets, count, seconds)


def _folder(named: str) -> str:
    """The folder of the Dockerfile, in which git runs."""
    if named == "-":
        raise click.UsageError("the Dockerfile is read from two states of the files: name its path")
    return (named if os.path.isdir(named) else os.path.dirname(named)) or "."


def _change(folder: str, since: str, changed: Sequence[str], staged: bool) -> tuple[Change, str, str]:
    """The two states of the files, the root of their repository, and the revision before."""
    from stagegraph.rebuild.git_tree import Repository
    from stagegraph.rebuild.targets import Change

    if changed:
        return _named_change(folder, changed)
    repository = Repository(folder)
    before = repository.commit(since) if since else repository.merge_base().commit
    after = repository.staged() if staged else repository.working()
    change = Change(
        before=repository.tree(before),
        after=after,
        has_git_folder=repository.has_git_folder,
        is_staged=staged,
    )
    return change, repository.root, since or before[:12]


def _warn_of_last_commit(root: str, since: str, *, is_affected: bool) -> None:
    """Say where the state before is the last commit, which a job in CI rarely means.

    That is so by default where the last commit is in the default branch. Another name of it in ``since``
    counts only if nothing is affected.
    """
    from stagegraph.rebuild.git_tree import Repository

    repository = Repository(root)
    if not since and (base := repository.merge_base()).commit == base.head:
        branch = quoted(printable(base.branch))
        said = f"the last commit is in {branch} already, so the working tree is compared with it"
    elif since not in ("", "HEAD", "@") and not is_affected and repository.is_last_commit(since):
        said = f"{quoted(printable(since))} is the last commit, so only what is not committed counts"
    else:
        return
    hint = "name the commit before the change with --since, for example --since HEAD~1"
    print(f"warning: {said}", f"hint: {hint}", sep="\n", file=sys.stderr)


def change_since(dockerfile: str, since: str) -> tuple[Change, str, str]:
    """The change since a commit, the root of the repository of ``dockerfile``, and the name of the commit."""
    return _change(_folder(dockerfile), since, (), staged=False)


def _named_change(folder: str, changed: Sequence[str]) -> tuple[Change, str, str]:
    """The change of the paths that the user names: what they were before is not known."""
    from stagegraph.rebuild.context import Context
    from stagegraph.rebuild.git_tree import Repository
    from stagegraph.rebuild.targets import Change
    from stagegraph.rebuild.tree import with_changed

    try:
        root = Repository(folder).root
    except InputError:
        root = os.path.abspath(folder)
    paths = [
        os.path.relpath(os.path.abspath(path), root).replace(os.sep, "/") for path in _paths(changed, root)
    ]
    inside = frozenset(path for path in paths if path != ".." and not path.startswith("../"))
    after = Context.from_folder(root).root
    return Change(before=with_changed(after, inside), after=after, unknown=inside), root, ""


def _paths(changed: Sequence[str], root: str) -> list[str]:
    """The paths of ``--changed``; those from standard input are from the root, as git prints them."""
    paths: list[str] = []
    for path in changed:
        if path != "-":
            paths.append(path)
            continue
        data = sys.stdin.buffer.read(_MOST_PATHS + 1)
        if len(data) > _MOST_PATHS:
            raise InputError("more than 32 MiB of paths", hint="use --since instead")
        separator = b"\0" if b"\0" in data else b"\n"
        names = (os.fsdecode(line.rstrip(b"\r")) for line in data.split(separator) if line.strip())
        paths.extend(os.path.join(root, name) for name in names)
    return paths


def target_of(dockerfile: str, context: str, options: Options, root: str) -> BuildTarget:
    """The build of a Dockerfile on disk, with paths from ``root``; InputError if they are outside of it."""
    from stagegraph.reading import find
    from stagegraph.rebuild.targets import BuildTarget

    path = find(dockerfile)
    folder = context or str(path.parent)
    if os.path.lexists(folder) and not os.path.isdir(folder):
        raise InputError(f"{folder}: not a directory", hint="name the directory of the build context")
    if not os.path.isdir(folder) and context:
        raise InputError(
            f"{folder}: there is no such directory", hint="name the build context with --context"
        )
    inside = [os.path.relpath(os.path.realpath(one), os.path.realpath(root)) for one in (path, folder)]
    if any(one == ".." or one.startswith("../") for one in inside):
        raise InputError(f"{folder} is outside of the repository {root}", hint="name files of one repository")
    name = ",".join(options.all_targets) or str(path)
    return BuildTarget(name=name, dockerfile=inside[0], context=inside[1], options=options)


def _affected(
    since: str, targets: Sequence[BuildTarget], change: Change, before: Sequence[BuildTarget] | None
) -> Affected:
    from stagegraph.formats.affected import Affected
    from stagegraph.rebuild.targets import affected_targets

    return Affected(since=since, targets=affected_targets(targets, change, before))


def _seconds(record: str, name: str, dockerfile: str, options: Options) -> dict[int, float]:
    """The recorded duration of each step of the build, by position; of those that ran to their end."""
    from stagegraph.cli.recorded import timings_named
    from stagegraph.timings.timed_report import weights

    timings, build = timings_named(record, name, dockerfile, options)
    ran = tuple(step for step in timings.steps if not (step.cached or step.error or step.unfinished))
    return weights(replace(timings, steps=ran), build) if build else {}
