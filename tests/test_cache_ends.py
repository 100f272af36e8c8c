"""Where the cache ended and why, and the plan of changes of ``stagegraph timings``."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import stagegraph as sg

from .conftest import ROOT
from .test_affected import git

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]
SAMPLE = "samples/measured"
DOCKERFILE = "FROM node AS build\nCOPY package.json .\nRUN npm ci\nCOPY . .\nRUN npm run build\n"
DOCKERFILE += "FROM scratch\nCOPY --from=build /x /\n"


def log(*took: str, base: str = "") -> str:
    """A log of DOCKERFILE, each step with its time or CACHED."""
    names = ["COPY package.json .", "RUN npm ci", "COPY . .", "RUN npm run build"]
    text = f"#4 [build 1/5] FROM docker.io/library/node:latest{base}\n#4 DONE 0.1s\n\n"
    for number, (name, time) in enumerate(zip(names, took, strict=True), 2):
        end = time if time == "CACHED" else f"DONE {time}"
        text += f"#{number + 5} [build {number}/5] {name}\n#{number + 5} {end}\n\n"
    last = "CACHED" if "CACHED" in took else "DONE 0.1s"
    return f"{text}#20 [stage-1 1/1] COPY --from=build /x /\n#20 {last}\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    (tmp_path / "package.json").write_text("{}\n")
    (tmp_path / "a.js").write_text("1\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    (tmp_path / "before.log").write_text(log("0.1s", "9.0s", "0.1s", "5.0s"))
    (tmp_path / "after.log").write_text(log("CACHED", "CACHED", "0.1s", "5.0s"))
    return tmp_path


def ends(run: Run, folder: Path, *words: str) -> list[tuple[int, int, str]]:
    """Line, cached steps before it, and reason."""
    done = run("timings", *words, "-F", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    data = json.loads(done.stdout)
    if "--compare" in words:
        return [(one["line"], one["cached"], one["reason"]) for one in data["cache_ends"]]
    steps = data["steps"]
    return [(steps[one["step"]]["lines"][0], one["cached"], one["reason"]) for one in data["cache_ends"]]


def test_the_cache_ends_at_the_first_step_that_ran(in_process: Run, folder: Path) -> None:
    assert ends(in_process, folder, "after.log", "Dockerfile") == [(4, 2, "")]
    assert ends(in_process, folder, "before.log", "Dockerfile") == []
    text = in_process("timings", "after.log", "Dockerfile", cwd=folder).stdout.decode()
    assert "\nWhere the cache ended\n  build          line 4       COPY . .\n" in text
    assert "after 2 cached steps\n" in text


def test_a_build_without_a_cache_has_nothing_to_explain(in_process: Run, folder: Path) -> None:
    words = ("Dockerfile", "--since", "main")
    text = in_process("timings", "before.log", *words, cwd=folder).stdout.decode()
    assert "note: no step was cached, so the change since main does not explain what ran\n" in text
    assert "note: no step was" not in in_process("timings", "after.log", *words, cwd=folder).stdout.decode()


def test_the_commit_before_says_why(in_process: Run, folder: Path) -> None:
    (folder / "a.js").write_text("2\n")
    words = ("after.log", "Dockerfile", "--since", "main")
    (found,) = ends(in_process, folder, *words)
    assert found[:2] == (4, 2)
    assert found[2].startswith("a.js, after.log")
    text = in_process("timings", *words, "-F", "markdown", cwd=folder).stdout.decode()
    assert "| build | line 4 | COPY . . | after 2 cached steps: a.js" in text


def test_a_step_of_which_nothing_changed_was_not_in_the_cache(in_process: Run, folder: Path) -> None:
    (folder / ".gitignore").write_text("*.log\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "ignore")
    found = ends(in_process, folder, "after.log", "Dockerfile", "--since", "main")
    assert found == [(4, 2, "nothing that it reads changed since main; the cache did not have it")]


def test_the_record_before_says_as_much_as_it_shows(in_process: Run, folder: Path) -> None:
    words = ("--compare", "before.log", "after.log", "Dockerfile")
    why = "the files that it reads changed, or the cache did not have it"
    assert ends(in_process, folder, *words) == [(4, 2, why)]
    digests = [f"@sha256:{digit * 64}" for digit in "ab"]
    for name, digest in zip(("before.log", "after.log"), digests, strict=True):
        took = ("9.0s",) * 4 if name == "before.log" else ("0.1s", "CACHED", "0.1s", "5.0s")
        (folder / name).write_text(log(*took, base=digest))
    (found,) = ends(in_process, folder, *words)
    assert found == (2, 1, "the image docker.io/library/node:latest is another one")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("after.log", "Dockerfile", "--since", "nope"), "there is no revision `nope`"),
        (("--compare", "before.log", "after.log", "--since", "main"), "--since has no effect with --compare"),
        (("--compare", "before.log", "after.log", "--plan"), "--plan has no effect with --compare"),
    ],
)
def test_wrong_usage(in_process: Run, folder: Path, words: tuple[str, ...], message: str) -> None:
    done = in_process("timings", *words, cwd=folder)
    assert done.returncode in (1, 2)
    assert message in done.stderr.decode()


BRANCHES = """\
FROM alpine AS a
RUN a
FROM alpine AS b
RUN b
FROM alpine AS c
RUN c
FROM scratch
COPY --from=a /a /
COPY --from=b /b /
COPY --from=c /c /
"""


def test_branches_that_end_at_almost_the_same_time_are_changed_together(
    in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text(BRANCHES)
    lines = [f"#{n + 4} [{name} 2/2] RUN {name}\n#{n + 4} DONE {10 + n}.0s\n" for n, name in enumerate("abc")]
    lines += [
        f"#{n + 9} [stage-3 {n + 1}/3] COPY --from={one} /{one} /\n#{n + 9} DONE 0.0s\n"
        for n, one in enumerate("abc")
    ]
    (tmp_path / "build.log").write_text("\n".join(lines))
    done = in_process("timings", "build.log", "Dockerfile", "--plan", "-F", "json", cwd=tmp_path)
    data = json.loads(done.stdout)
    plan = [(one["lines"], one["saves"], one["wall"]) for one in data["plan"]]
    assert data["wall"] == 12.0
    assert plan == [([6], 1.0, 11.0), ([4], 1.0, 10.0), ([2], 10.0, 0.0)]


def test_the_plan_saves_what_its_steps_save_together(in_process: Run) -> None:
    done = in_process("timings", f"{SAMPLE}/build.dockerbuild", "--plan", "-F", "json")
    data = json.loads(done.stdout)
    walls = [data["wall"], *(one["wall"] for one in data["plan"])]
    for before, one, after in zip(walls, data["plan"], walls[1:], strict=False):
        assert before - after == pytest.approx(one["saves"])
        assert one["saves"] <= one["took"] + 1e-9 or len(one["steps"]) > 1
    assert data["plan"][0]["saves"] == max(one["saves"] for one in data["savings"] if one["kind"] == "step")
    for name in ("text", "markdown"):
        text = in_process("timings", f"{SAMPLE}/build.dockerbuild", "--plan", "-F", name).stdout.decode()
        assert "would shorten the build from" in text
        assert re.search(r"\n  1\. then +\S+ s  line " if name == "text" else r"\n\| then \| line \|", text)


def test_without_dependencies_there_is_no_plan(in_process: Run, folder: Path) -> None:
    (folder / "Dockerfile").unlink()
    done = in_process("timings", "before.log", "--plan", "-F", "json", cwd=folder)
    assert json.loads(done.stdout)["plan"] == []


def test_a_plan_is_only_made_if_it_is_asked_for() -> None:
    (record,) = sg.read_records(str(ROOT / SAMPLE / "build.dockerbuild"))
    assert sg.measure(record).plan == ()
