"""What ``stagegraph check`` says about a ``--target`` that the files it checks do not have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from msgspec.structs import replace

from stagegraph.errors import OptionsError

if TYPE_CHECKING:
    from stagegraph.check.check import CheckedFile
    from stagegraph.check.many import Run


def with_missing_targets(run: Run, targets: Sequence[str]) -> Run:
    """``run`` with a note on every file that lacks one of ``targets``; OptionsError if all files lack it.

    A number is left out, because some builders take it for the number of a stage. Without the stages of every
    file, for example because of an error in one, nothing is known.
    """
    files = [file for file in run.files if file.is_dockerfile]
    if not files or not all(file.stages for file in files):
        return run
    notes = []
    for target in targets:
        lacking = [file.name for file in files if not target.isdecimal() and not _has(file, target)]
        if len(lacking) == len(files):
            raise _unknown(target, files)
        notes += [f"{name}: there is no stage `{target}`, so --target {target} fails" for name in lacking]
    return replace(run, notes=(*run.notes, *notes))


def _has(file: CheckedFile, target: str) -> bool:
    return any(stage.title == target.lower() for stage in file.stages)


def _unknown(target: str, files: Sequence[CheckedFile]) -> OptionsError:
    from difflib import get_close_matches

    names = list(dict.fromkeys(stage.title for file in files for stage in file.stages))
    near = get_close_matches(target.lower(), names, n=1)
    where = files[0].name if len(files) == 1 else f"any of {len(files)} files"
    hint = f"did you mean {near[0]}?" if near else "name a stage of the Dockerfile"
    return OptionsError(f"there is no stage named {target} in {where}", hint=hint)
