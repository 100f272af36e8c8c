"""``stagegraph check --fix``, ``--fix-idle`` and ``--diff``: removes stages and prints a diff."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from stagegraph.cli.common import for_log
from stagegraph.cli.writing import write
from stagegraph.errors import InputError, OptionsError, StagegraphError
from stagegraph.source import printable, quoted

if TYPE_CHECKING:
    from stagegraph.check.fix import FixedFile
    from stagegraph.check.many import Task


_MOST_NAMED = 5  # findings in a message


def fix_files(tasks: Sequence[Task], output: str, *, write_files: bool, idle: bool) -> int:
    """Print the changes of every file; then with ``write_files`` replace each file as a whole.

    With ``idle`` the stages that no known build needs go, too.

    Returns the exit code: 1 for a file that cannot be read or written, or that --diff would change.
    """
    if write_files and any(task.candidate.path == "-" for task in tasks):
        raise OptionsError("cannot fix standard input in place", hint="name a file, or use --diff")
    done: list[tuple[str, FixedFile]] = []
    failed = False
    for task in tasks:
        try:
            if fixed := _fixed(task, idle):
                done.append(fixed)
        except StagegraphError as error:
            failed = True
            _to_stderr(f"error: {error}")
    changed = [(name, one) for name, one in done if one.removed]
    write("".join(_difference(name, one) for name, one in changed).encode("utf-8", "replace"), output)
    for name, one in done:
        if one.removed and write_files and not _written(name, one):
            failed = True
            continue
        _print_summary(name, one, write_files, idle)
    _print_other_findings(tasks, idle)
    return int(failed or (bool(changed) and not write_files))


def _written(name: str, one: FixedFile) -> bool:
    try:
        if not os.access(name, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise InputError(f"{name} is read-only", hint="make it writable, or use --diff")
        write(one.after, name)
    except StagegraphError as error:
        _to_stderr(f"error: {error}")
        return False
    return True


def _fixed(task: Task, idle: bool) -> tuple[str, FixedFile] | None:
    """The name and the changes of a file; None with a note where another frontend reads it."""
    from stagegraph.check.fix import fix_dockerfile
    from stagegraph.dockerfile.logical import other_frontend
    from stagegraph.reading import read_bytes

    data, name = read_bytes(task.candidate.path)
    if frontend := other_frontend(data.decode("utf-8", "replace")):
        _to_stderr(f"note: {name}: skipped: its syntax line names another frontend ({frontend})")
        return None
    return name, fix_dockerfile(data, name, task.known_builds, task.codes, idle=idle)


def _difference(name: str, one: FixedFile) -> str:
    """A unified diff; on a terminal without control characters."""
    before, after = (
        data.decode("utf-8", "replace").splitlines(keepends=True) for data in (one.before, one.after)
    )
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(_whole_line(line) for line in lines)


def _whole_line(line: str) -> str:
    if not line.endswith("\n"):
        line += "\n\\ No newline at end of file\n"
    show = printable if sys.stdout.isatty() else for_log
    return "".join(f"{show(part)}\n" for part in line[:-1].split("\n"))


def _print_summary(name: str, one: FixedFile, written: bool, idle: bool) -> None:
    if one.removed:
        verb = "removed" if written else "would remove"
        graphs = "every known build and of every target that is left" if idle else "every target"
        removed = ", ".join(map(quoted, one.removed))
        _to_stderr(f"{name}: {verb} {removed}; the graph of {graphs} stays the same")
    if one.kept:
        kept = ", ".join(map(quoted, one.kept))
        them = "it" if len(one.kept) == 1 else "them"
        why = f"removing {them} would change another stage (for example what `--from=1` refers to)"
        _to_stderr(f"{name}: kept {kept}: {why}")
    for why, titles in _by_reason(one.doubts).items():
        _to_stderr(f"{name}: kept {', '.join(map(quoted, titles))}: {why}")


def _by_reason(doubts: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    titles: dict[str, list[str]] = {}
    for title, why in doubts:
        titles.setdefault(why, []).append(title)
    return titles


def _print_other_findings(tasks: Sequence[Task], idle: bool) -> None:
    """Print how many findings this fix does not remove, by code and place."""
    from stagegraph.check.check import CheckedFile
    from stagegraph.check.fix import FIXED
    from stagegraph.check.idle_fix import IDLE
    from stagegraph.check.many import check_task

    results = [one for one in map(check_task, tasks) if isinstance(one, CheckedFile)]
    fixed = FIXED | {IDLE} if idle else FIXED
    others = [
        f"{one.problem.code} ({file.name}:{one.problem.span.line})"
        for file in results
        for one in file.problems
        if one.problem.code not in fixed
    ]
    others += [
        f"{problem.code} ({build.file}:{problem.span.line})"
        for file in results
        for build, problem in file.failing_builds
    ]
    if others:
        more = f" and {len(others) - _MOST_NAMED} more" if len(others) > _MOST_NAMED else ""
        findings = "finding" if len(others) == 1 else "findings"
        is_idle = any(one.startswith(f"{IDLE} ") for one in others)
        hint = "; use --fix-idle to remove stages that no known build needs" if is_idle else ""
        shown = ", ".join(others[:_MOST_NAMED]) + more
        _to_stderr(f"{len(others)} {findings} cannot be fixed automatically: {shown}{hint}")


def _to_stderr(text: str) -> None:
    print(*map(printable, text.split("\n")), sep="\n", file=sys.stderr)
