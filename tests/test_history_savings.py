"""The savings of advice over histories whose answers are worked out by hand."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from .history_repository import DOCKERFILE, LOG, sample_files, write_repository

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

NPM, BUILD, COPY, APT = 41.0, 8.0, 0.5, 12.0  # seconds in LOG


@pytest.fixture
def known(tmp_path: Path) -> Path:
    """40 commits: 30 change only a source, 4 the packages, 3 the documentation, 3 an argument."""
    arguments = [{"Dockerfile": DOCKERFILE.replace("FROM nginx", f"ARG V={n}\nFROM nginx")} for n in range(3)]
    history: list[Mapping[str, str]] = [{"src/index.js": f"s{n}\n"} for n in range(30)]
    history += [{"package.json": f'{{"version": "{n}"}}\n'} for n in range(4)]
    history += [{"docs/guide.md": f"d{n}\n"} for n in range(3)]
    history += arguments
    write_repository(tmp_path, [sample_files(), *history])
    (tmp_path / "build.log").write_text(LOG)
    (tmp_path / "Dockerfile").write_text(DOCKERFILE)
    return tmp_path


def build_of(run: Run, folder: Path, *words: str) -> Any:
    done = run("affected", "--history", "40", *words, "-F", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    (build,) = json.loads(done.stdout)["builds"]
    return build


def savings(build: Any) -> dict[str, float | None]:
    """The seconds that each kind of advice saves in all commits."""
    per_commit = {one["kind"]: (one["seconds_per_commit"], one["commits"]) for one in build["advice"]}
    return {kind: seconds and seconds * commits for kind, (seconds, commits) in per_commit.items()}


def test_misses_and_savings_are_those_worked_out_by_hand(in_process: Run, known: Path) -> None:
    build = build_of(in_process, known, "--record", "build.log")
    assert build["commits"] == build["rebuilt"] == 40
    missed = {step["line"]: step["missed"] for step in build["steps"] if step["missed"]}
    assert missed == {5: 40}
    assert build["seconds"] == pytest.approx(40 * (COPY + NPM + BUILD))
    assert savings(build) == {
        "manifests-first": pytest.approx(36 * NPM),  # it stays for the 4 commits that change the packages
        "argument": pytest.approx(40 * APT),
        "ignore": pytest.approx(6 * (COPY + NPM + BUILD)),  # 3 of docs/ and 3 of the Dockerfile
        "cache-mount": None,
    }
    kinds = [one["kind"] for one in build["advice"]]
    assert kinds == ["manifests-first", "argument", "ignore", "cache-mount"]  # the most first


def test_text_and_markdown_have_the_same_savings(in_process: Run, known: Path) -> None:
    for form in ("text", "markdown"):
        done = in_process("affected", "--history", "40", "--record", "build.log", "-F", form, cwd=known)
        text = done.stdout.decode().replace("\\", "")
        assert "steps ran again in 40 of 40 commits, 33m 00s in all" in text  # 40 * 49.5 s
        assert "missed in 40 of 40 commits" in text
        assert "saves 36.9 s per commit" in text  # 36 * 41 s / 40
        assert "saves 12.0 s per commit" in text
        assert "saves 7.42 s per commit" in text or "saves 7.43 s per commit" in text  # 297 s / 40
        assert text.index("36.9 s per") < text.index("12.0 s per")


def test_advice_that_saves_nothing_is_not_given(in_process: Run, tmp_path: Path) -> None:
    packages = [{"package.json": f'{{"version": "{n}"}}\n'} for n in range(4)]
    write_repository(tmp_path, [sample_files(), *packages])
    (tmp_path / "build.log").write_text(LOG)
    assert set(savings(build_of(in_process, tmp_path))) == {"argument", "cache-mount"}
    (tmp_path / "build.log").write_text(LOG.replace("DONE 12.0s", "DONE 0.0s"))
    assert set(savings(build_of(in_process, tmp_path, "--record", "build.log"))) == {"cache-mount"}


LINKED = "FROM base\nCOPY a /a\nCOPY b /b\nRUN make\n"
LINKED_LOG = """\
#5 [2/4] COPY a /a
#5 DONE 1.0s

#6 [3/4] COPY b /b
#6 DONE 5.0s

#7 [4/4] RUN make
#7 DONE 2.0s
"""


def test_a_linked_copy_saves_itself_and_not_what_is_below(in_process: Run, tmp_path: Path) -> None:
    changes = [{"a": f"{n}"} for n in range(1, 4)] + [{"b": "1"}]
    write_repository(tmp_path, [{"Dockerfile": LINKED, "a": "0", "b": "0"}, *changes])
    (tmp_path / "build.log").write_text(LINKED_LOG)
    build = build_of(in_process, tmp_path, "--record", "build.log")
    assert build["seconds"] == pytest.approx(3 * (1 + 5 + 2) + 5 + 2)
    assert savings(build) == {"link": pytest.approx(3 * 5)}
    (advice,) = build["advice"]
    assert advice["line"] == 3


PROJECTS: dict[str, tuple[str, str, str]] = {
    "npm": ("package.json", '{"version": "%d"}', "npm ci"),
    "pip": ("requirements.txt", "flask==%d\n", "pip install --no-cache-dir -r requirements.txt"),
    "go": ("go.mod", "module x\n// %d\n", "go mod download"),
    "cargo": ("Cargo.toml", "[dependencies]\n# %d\n", "cargo fetch"),
    "maven": ("pom.xml", "<project>%d</project>", "mvn -B dependency:go-offline"),
    "dotnet": ("app.csproj", "<Project>%d</Project>", "dotnet restore"),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_manifests_first_installs_only_when_they_change(in_process: Run, tmp_path: Path, name: str) -> None:
    manifest, text, command = PROJECTS[name]
    dockerfile = f"FROM base\nCOPY . /app/\nRUN {command}\nRUN make\n"
    history: list[Mapping[str, str]] = [{"src/a": f"{n}"} for n in range(1, 8)]
    history += [{manifest: text % n} for n in range(1, 3)]
    write_repository(tmp_path, [{"Dockerfile": dockerfile, manifest: text % 0, "src/a": "0"}, *history])
    log = f"#5 [2/4] COPY . /app/\n#5 DONE 1.0s\n\n#6 [3/4] RUN {command}\n#6 DONE 30.0s\n\n"
    (tmp_path / "build.log").write_text(log + "#7 [4/4] RUN make\n#7 DONE 4.0s\n")
    build = build_of(in_process, tmp_path, "--record", "build.log")
    assert build["seconds"] == pytest.approx(9 * 35)
    assert savings(build)["manifests-first"] == pytest.approx(7 * 30)
