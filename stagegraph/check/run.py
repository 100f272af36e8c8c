"""Checks files and directories: what ``stagegraph check`` and ``sg.check`` do."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence

from stagegraph.check.check import check as check_source
from stagegraph.check.known_builds import known_builds_of
from stagegraph.check.many import Results, Run, Skipped, check_all
from stagegraph.check.settings import Settings, check_codes
from stagegraph.check.work import Work, checked_build_files, merged_notes, skipped_note, work_of
from stagegraph.discovery.found_build import Note
from stagegraph.options import Options
from stagegraph.source import Source

_DEFAULT_OPTIONS = Options()


def check_paths(
    dockerfile: str | os.PathLike[str] | Source = ".",
    options: Options = _DEFAULT_OPTIONS,
    *,
    select: Collection[str] = (),
    enable: Collection[str] = (),
    ignore: Collection[str] = (),
    exclude: Sequence[str] = (),
    discover: bool | None = None,
) -> Run:
    """Check a Dockerfile, a directory of them, or a Source: ``stagegraph check`` without settings files.

    ``options`` are the build to check for. ``select``, ``enable`` (rules that are off by default, besides
    the others) and ``ignore`` are codes of rules, ``exclude`` has .gitignore patterns, and ``discover`` says
    whether the repository is searched for builds; by default inside a Git repository, or in the
    directory. Errors in a file are part of the result; raises OptionsError for an unknown code.
    """
    check_codes(select, "select")
    check_codes(enable, "enable")
    check_codes(ignore, "ignore")
    settings = Settings(
        select=tuple(select),
        enable=tuple(enable),
        ignore=tuple(ignore),
        exclude=tuple(exclude),
        discover=discover,
    )
    if isinstance(dockerfile, Source):
        return Run(files=(check_source(dockerfile, known_builds_of(None, (), options), settings.codes),))
    return run_of(work_of([os.fspath(dockerfile)], settings, options), settings.exclude)


def run_of(work: Work, exclude: Sequence[str], progress: Callable[[Results], Results] = iter) -> Run:
    """The result of checking the tasks of ``work``; ``progress`` gets the results one by one."""
    results = check_all(work.tasks, progress)
    skipped = [result for result in results if isinstance(result, Skipped)]
    dockerfiles = [result for result in results if not isinstance(result, Skipped)]
    return Run(
        files=(*dockerfiles, *checked_build_files(work, results, exclude)),
        builds=tuple(build for discovery in work.discoveries for build in discovery.builds),
        notes=tuple(map(str, merged_notes([*work.notes, *_notes(skipped), *work.not_read]))),
        not_understood=tuple(map(str, work.not_understood)),
    )


def _notes(skipped: Iterable[Skipped]) -> list[Note]:
    by_reason: dict[str, list[str]] = {}
    for one in skipped:
        by_reason.setdefault(one.reason, []).append(one.path)
    return [skipped_note(files, reason) for reason, files in by_reason.items()]
