"""``--fix`` removes dead stages and changes nothing else; without a proof of that, it keeps them."""

from __future__ import annotations

import os
import random
import subprocess
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given

from stagegraph.check.check import check
from stagegraph.check.comments import extents
from stagegraph.check.fix import FixedFile, fix_dockerfile
from stagegraph.check.known_builds import KnownBuilds
from stagegraph.check.rules import RULES
from stagegraph.dockerfile.file import Dockerfile, read_dockerfile
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.dockerfile.resolve import resolve
from stagegraph.dockerfile.stages import Resolved
from stagegraph.errors import StagegraphError
from stagegraph.model import Reach
from stagegraph.options import Options

from .brute_force import PLATFORMS, random_dockerfile, vocabulary
from .conftest import ROOT
from .strategies import count, mutated
from .tools import program, somebody_else

_GENERATED = count(7.5)
_QUESTIONS = 8
Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
DEAD = b"FROM a\nRUN x\n\nFROM b\n"
SAMPLES = sorted(path.parent.name for path in (ROOT / "samples").glob("*/Dockerfile"))


def fixed(data: bytes, known_builds: KnownBuilds | None = None) -> FixedFile:
    return fix_dockerfile(data, "Dockerfile", known_builds or KnownBuilds(), RULES.keys())


def after(text: str) -> str:
    return fixed(dedent(text).encode()).after.decode()


def read(data: bytes) -> Dockerfile:
    return read_dockerfile(source_from_bytes(data, "Dockerfile"))


def test_a_dead_stage_is_removed_with_its_comments_and_the_blank_lines_below() -> None:
    before = """\
    # About the file.

    # about old
    # more about old
    FROM a
    RUN x
    # the end of old

    # about new
    FROM b
    # inside new
    RUN y
    """
    assert after(before) == "# About the file.\n\n# about new\nFROM b\n# inside new\nRUN y\n"


def test_directives_and_comments_at_the_top_stay() -> None:
    before = "# syntax=docker/dockerfile:1\n# Our images.\nFROM a\n\nFROM b\n"
    assert after(before) == "# syntax=docker/dockerfile:1\n# Our images.\nFROM b\n"


def test_a_shadowed_stage_is_removed() -> None:
    assert after("FROM a AS x\nFROM b AS x\nFROM x\n") == "FROM b AS x\nFROM x\n"


def test_dead_stages_that_read_each_other_are_removed_together() -> None:
    assert after("FROM a\nFROM b\nCOPY --from=0 /x /y\nFROM c\nCOPY --from=1 /x /y\nFROM d\n") == "FROM d\n"


def test_idle_and_selectable_stages_stay() -> None:
    text = "ARG V=a\nFROM a AS x-a\nFROM a AS x-b\nFROM a AS test\nFROM x-$V\n"
    assert after(text) == text


def test_unknown_stages_stay() -> None:
    text = "FROM a\nFROM org/web:onbuild\n"
    assert after(text) == text


def test_stages_are_kept_if_a_number_would_mean_another_stage() -> None:
    found = fixed(b"FROM a\nFROM b AS x\nFROM c\nCOPY --from=1 /x /y\n")
    assert (found.after, found.removed, found.kept) == (found.before, (), ("stage-0",))


def test_a_stage_after_the_numbered_one_is_removed() -> None:
    assert after("FROM a\nFROM b\nFROM c\nCOPY --from=0 /x /y\n") == "FROM a\nFROM c\nCOPY --from=0 /x /y\n"


def test_dead_stages_are_removed_even_if_others_must_stay() -> None:
    found = fixed(b"FROM a\nFROM b\nFROM c\nFROM d\nCOPY --from=1 /x /y\n")
    assert (found.after, found.removed, found.kept) == (
        b"FROM a\nFROM b\nFROM d\nCOPY --from=1 /x /y\n",
        ("stage-2",),
        ("stage-0",),
    )


def test_stages_are_kept_if_a_number_reads_an_image() -> None:
    text = "FROM a\nFROM b AS t\nCOPY --from=busybox /x /y\nFROM t\nCOPY --from=3 /x /y\n"
    assert after(text) == text


def test_stages_are_kept_if_a_trigger_has_a_number() -> None:
    text = "ARG X=y\nFROM a\nFROM b\nFROM c AS x\nONBUILD COPY --from=1 /x /y\nFROM $X\n"
    assert after(text) == text


def test_a_target_that_is_a_number_keeps_every_stage() -> None:
    known = KnownBuilds(questions=(Options(target="1"),), builds=("Makefile:2",))
    found = fixed(b"FROM a\nFROM b\nFROM c\n", known)
    assert found.after == found.before


def test_a_comment_keeps_a_dead_stage() -> None:
    text = "# stagegraph: ignore=dead-stage reason\nFROM a\nFROM b\n"
    assert after(text) == text


def test_a_rule_that_is_not_chosen_removes_nothing() -> None:
    data = b"FROM a\nFROM b\n"
    assert fix_dockerfile(data, "Dockerfile", KnownBuilds(), ["shadowed-stage"]).after == data


def test_a_file_that_buildkit_rejects_is_not_changed() -> None:
    data = b"FROM a\nFROM b AS B\nFROM B\n"
    assert fixed(data).after == data


@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
@pytest.mark.parametrize("mark", [b"\xef\xbb\xbf", b""])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_and_the_byte_order_mark_stay(end: bytes, mark: bytes, last: bool) -> None:
    lines = [b"# syntax=x", b"", b"FROM a", b"RUN \\", b"  x  ", b"", b"FROM b", b"RUN y\t"]
    data = mark + end.join(lines) + end * last
    kept = mark + end.join(lines[:2] + lines[6:]) + end * last
    assert fixed(data).after == kept


def test_heredocs_are_removed_whole() -> None:
    text = "FROM a\nRUN <<EOF\nFROM fake AS x\n# not a comment\nEOF\n\nFROM b\nCOPY <<X /y\nFROM a\nX\n"
    assert after(text) == "FROM b\nCOPY <<X /y\nFROM a\nX\n"


def test_the_escape_directive_is_followed() -> None:
    text = "# escape=`\nFROM a\nRUN x `\n  y\nFROM b\nRUN z `\n  w\n"
    assert after(text) == "# escape=`\nFROM b\nRUN z `\n  w\n"


@pytest.mark.parametrize("sample", SAMPLES)
def test_samples(sample: str) -> None:
    data = (ROOT / "samples" / sample / "Dockerfile").read_bytes()
    found = fixed(data)
    assert_lawful(found)
    assert bool(found.removed) == (sample == "dead-stages")


def decorated(seed: int) -> bytes:
    """A generated Dockerfile with comments, blank lines, documents, and all ends of lines."""
    chance = random.Random(seed)
    lines: list[str] = []
    if chance.random() < 0.3:
        lines.append("# syntax=docker/dockerfile:1")
    for line in random_dockerfile(seed).splitlines():
        if line.startswith("FROM"):
            lines.extend(chance.choice(([], [""], ["", "# about"], ["# apart", ""], ["  # a", "", "# b"])))
        lines.append(line)
        if line.startswith(("FROM", "RUN")):
            lines.extend(
                chance.choice(([], [], ["RUN <<E", "FROM x", "# no", "E"], ["RUN a \\", "# c", "  b"]))
            )
    text = "\n".join(lines) + chance.choice(("", "\n", "\n\n", "\n# end\n"))
    text = text.replace("\n", chance.choice(("\n", "\r\n")))
    return chance.choice((b"", b"\xef\xbb\xbf")) + text.encode()


@pytest.mark.parametrize("first", range(0, _GENERATED, _GENERATED // 3))
def test_laws_on_generated_files(first: int) -> None:
    counts: Counter[str] = Counter()
    for seed in range(first, first + _GENERATED // 3):
        try:
            found = fixed(decorated(seed))
        except StagegraphError:
            continue
        assert_lawful(found)
        counts["removed"] += len(found.removed)
        counts["kept"] += len(found.kept)
    assert counts["removed"] > _GENERATED / 15
    assert counts["kept"] > _GENERATED / 300


def assert_lawful(found: FixedFile) -> None:
    """Only whole stages went, the same again changes nothing, and all that is left builds the same."""
    before, new = read(found.before), read(found.after)
    gone = found.indexes
    assert_only_stages_went(before, found)
    if not gone:
        return
    assert fixed(found.after).after == found.after
    kept = [index for index in range(len(before.stages)) if index not in gone]
    names = {stage.head.name for stage in before.stages}
    for options in questions(before):
        for target in ("", *sorted(names - {""})):
            expected = built(before, options, target, kept)
            # a dead stage can have made BuildKit refuse the file: then it builds now
            assert built(new, options, target) == expected or isinstance(expected, str)
    verdicts = check(source_from_bytes(found.before, "Dockerfile")).stages
    assert all(verdicts[index].reach is Reach.DEAD for index in gone)


def assert_only_stages_went(before: Dockerfile, found: FixedFile) -> None:
    """What is left is what was there without the lines of the stages, and blank lines right below."""
    gone = {number for index in found.indexes for number in lines_of(before, index)}
    old = found.before.split(b"\n")
    expected: list[bytes] = []
    for number, line in enumerate(old, 1):
        if number in gone or (number - 1 in gone and number < len(old) and not line.strip()):
            gone.add(number)
        else:
            expected.append(line)
    mark = b"\xef\xbb\xbf" if 1 in gone and found.before.startswith(b"\xef\xbb\xbf") else b""
    assert found.after == mark + b"\n".join(expected)


def lines_of(file: Dockerfile, index: int) -> range:
    extent = extents(file)[index]
    return range(extent.first, extent.last + 1)


def questions(file: Dockerfile) -> Iterator[Options]:
    """The plain question, and some of all that can be asked with the words of the file."""
    words = vocabulary(file)
    chance = random.Random(len(file.source.text))
    yield Options()
    for _ in range(_QUESTIONS):
        given = {name: chance.choice(values) for name, values in words.items()}
        args = {name: value for name, value in given.items() if value is not None}
        yield Options(build_args=args, platforms=(chance.choice(PLATFORMS),))


def built(file: Dockerfile, options: Options, target: str, numbers: Sequence[int] | None = None) -> object:
    """What a target builds, stage by stage as they are written: base, instructions, sources."""
    try:
        resolved = resolve(file, options, target, options.all_platforms[0])
    except StagegraphError as error:
        return error.message
    needed = sorted(index for index in resolved.needed if index < len(file.stages))
    assert numbers is None or set(needed) <= set(numbers)
    return [described(resolved, index) for index in needed]


def described(resolved: Resolved, index: int) -> object:
    place = resolved.sources[index]
    sources = [[written(resolved, read) for read in one.sources] for one in place.commands]
    texts = [one.instruction.text for one in place.commands]
    return place.base, written(resolved, place.base_index), texts, sources


def written(resolved: Resolved, index: int | None) -> object:
    """The text of a source, which does not depend on its number."""
    if index is None:
        return None
    place = resolved.sources[index]
    return [item.text for item in (place.text.head, *place.text.body)] if place.text else place.base


@given(mutated())
def test_any_bytes_are_fixed_correctly_or_rejected(data: bytes) -> None:
    try:
        found = fixed(data)
    except StagegraphError:
        return
    assert_only_stages_went(read(found.before), found)
    assert fixed(found.after).after == found.after


def test_fix_shows_the_changes_and_then_writes_the_file(in_process: Run, tmp_path: Path) -> None:
    path = tmp_path / "Dockerfile"
    path.write_bytes(DEAD)
    path.chmod(0o640)
    done = in_process("check", "--fix", cwd=tmp_path)
    assert done.returncode == 0
    assert done.stdout.decode() == (
        "--- a/Dockerfile\n+++ b/Dockerfile\n@@ -1,4 +1 @@\n-FROM a\n-RUN x\n-\n FROM b\n"
    )
    assert done.stderr.decode() == "Dockerfile: removed `stage-0`; the graph of every target stays the same\n"
    assert path.read_bytes() == b"FROM b\n"
    assert path.stat().st_mode & 0o777 == 0o640
    assert os.listdir(tmp_path) == ["Dockerfile"]
    again = in_process("check", "--fix", cwd=tmp_path)
    assert (again.returncode, again.stdout, again.stderr) == (0, b"", b"")


def test_diff_only_shows(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(DEAD)
    done = in_process("check", "--diff", cwd=tmp_path)
    assert done.returncode == 1
    assert b"-RUN x\n" in done.stdout
    assert b"would remove `stage-0`" in done.stderr
    assert (tmp_path / "Dockerfile").read_bytes() == DEAD


def test_diff_of_standard_input(stagegraph: Run) -> None:
    done = stagegraph("check", "--diff", "-", stdin=DEAD)
    assert done.returncode == 1
    assert done.stdout.startswith(b"--- a/<stdin>\n")


def test_a_diff_can_be_applied(in_process: Run, tmp_path: Path) -> None:
    data = b"\xef\xbb\xbfFROM a\r\nRUN x\r\n\r\nFROM b"
    (tmp_path / "Dockerfile").write_bytes(data)
    difference = in_process("check", "--diff", cwd=tmp_path).stdout
    subprocess.run([program("git"), "apply", "-"], input=difference, cwd=tmp_path, check=True)
    assert (tmp_path / "Dockerfile").read_bytes() == fixed(data).after


def test_a_kept_stage_is_reported(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_bytes(b"FROM a\nFROM b AS x\nFROM c\nCOPY --from=1 /x /y\n")
    done = in_process("check", "--fix", cwd=tmp_path)
    assert done.stderr.decode() == (
        "Dockerfile: kept `stage-0`: removing it would change another stage"
        " (for example what `--from=1` refers to)\n"
        "1 finding cannot be fixed automatically: number-reference (Dockerfile:4)\n"
    )


def test_a_file_that_cannot_be_read_does_not_stop_the_others(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "a.Dockerfile").write_bytes(b"NOPE\n")
    (tmp_path / "b.Dockerfile").write_bytes(DEAD)
    done = in_process("check", "--fix", cwd=tmp_path)
    assert done.returncode == 1
    assert b"error: a.Dockerfile:1:1: unknown instruction `NOPE`" in done.stderr
    assert (tmp_path / "b.Dockerfile").read_bytes() == b"FROM b\n"


def test_a_link_stays_a_link(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(DEAD)
    (tmp_path / "Dockerfile").symlink_to("real")
    assert in_process("check", "--fix", cwd=tmp_path).returncode == 0
    assert (tmp_path / "Dockerfile").is_symlink()
    assert (tmp_path / "real").read_bytes() == b"FROM b\n"


def test_a_read_only_file_is_not_changed(in_process: Run, open_folder: Path) -> None:
    path = open_folder / "Dockerfile"
    path.write_bytes(DEAD)
    path.chmod(0o444)
    open_folder.chmod(0o777)
    with somebody_else(in_process):
        done = in_process("check", "--fix", cwd=open_folder)
    assert done.returncode == 1
    assert b"error: Dockerfile is read-only" in done.stderr
    assert b"removed" not in done.stderr
    assert path.read_bytes() == DEAD


def test_findings_that_no_fix_removes_are_named(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    (tmp_path / "Dockerfile").write_text(
        "FROM alpine AS base\nFROM base AS debug\nRUN true\nFROM base AS app\n"
    )
    (tmp_path / "compose.yaml").write_text("services: {a: {build: {context: ., target: app}}}")
    done = in_process("check", "--fix", "--select", "idle-stage", cwd=tmp_path)
    message = (
        "1 finding cannot be fixed automatically: idle-stage (Dockerfile:2); "
        "use --fix-idle to remove stages that no known build needs\n"
    )
    assert (done.returncode, done.stdout, done.stderr.decode()) == (0, b"", message)
