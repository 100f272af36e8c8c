"""``stagegraph affected --history``: what the last commits made run again, and what would save the most."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.errors import InputError
from stagegraph.rebuild.git_history import revisions
from stagegraph.rebuild.git_tree import Repository
from stagegraph.rebuild.history import Recipe
from stagegraph.rebuild.ignore import ignore_patterns
from stagegraph.rebuild.ignore_filter import IgnoreFilter
from stagegraph.rebuild.tree import patched

from .conftest import ROOT
from .history_repository import DOCKERFILE, sample_files, write_repository, write_sample
from .test_affected import git

Done = subprocess.CompletedProcess[bytes]
Run = Callable[..., Done]


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    write_sample(tmp_path)
    return tmp_path


def data(run: Run, folder: Path, *words: str) -> Any:
    """The JSON of the only build."""
    done = run("affected", "--history", "100", *words, "-F", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    (build,) = json.loads(done.stdout)["builds"]
    return build


def again(build: Any) -> dict[int, int]:
    """In how many commits the step of each line ran again."""
    return {step["line"]: step["again"] for step in build["steps"] if not step["is_source"]}


def advice(build: Any) -> dict[str, Any]:
    """The advice by its kind."""
    return {one["kind"]: one for one in build["advice"]}


def test_the_line_that_costs_most_and_what_to_change(in_process: Run, sample: Path) -> None:
    done = in_process("affected", "--history", "40", "--record", "build.log", cwd=sample)
    newest, oldest = git(sample, "rev-parse", "HEAD", "HEAD~39").split()
    assert done.stdout.decode() == (
        f"{oldest[:12]}..{newest[:12]}: steps ran again in 40 of 40 commits, 33m 00s in all\n"
        "\n"
        "line 5 `COPY . .` missed in 40 of 40 commits and cost 33m 00s\n"
        "  changed: src/ in 27, docs/ in 10, package.json in 3\n"
        "   40x  line 6 `RUN npm ci`  41.0 s each\n"
        "   40x  line 7 `RUN npm run build`  8.00 s each\n"
        "\n"
        "What to change\n"
        "  1. line 5: copy package.json, package-lock.json and install before you copy the rest: saves 37.9 "
        "s per commit; line 6 `RUN npm ci` runs again in 3 instead of 40 commits\n"
        "       COPY package.json package-lock.json ./\n"
        "       RUN npm ci\n"
        "       COPY . .\n"
        "  2. exclude docs in .dockerignore; line 5 copies it: saves 12.4 s per commit; line 5 `COPY . .` "
        "runs again in 30 instead of 40 commits; line 6 `RUN npm ci` runs again in 30 instead of 40 commits; "
        "line 7 `RUN npm run build` runs again in 30 instead of 40 commits\n"
        "       docs\n"
        "  3. line 2: move GIT_COMMIT below line 6: saves 12.0 s per commit if its value changes with each "
        "commit; line 3 `RUN apt-get update && apt-get install -y git` runs again in 0 instead of 40 "
        "commits\n"
        "       ARG GIT_COMMIT\n"
        "  4. line 6: keep the downloads of npm in a cache mount: the saving is unknown, since the same "
        "steps run\n"
        "       RUN --mount=type=cache,target=/root/.npm npm ci\n"
        "note: Dockerfile and its ignore file as they are now, with the files of each commit\n"
    )


def test_what_the_advice_saves_is_what_the_changed_dockerfile_then_does(
    in_process: Run, sample: Path
) -> None:
    first = advice(data(in_process, sample))["manifests-first"]
    lines = DOCKERFILE.splitlines()
    text = "\n".join([*lines[:4], *first["write"], *lines[6:]])
    (sample / "Dockerfile").write_text(f"{text}\n")
    build = data(in_process, sample)
    assert again(build)[6] == first["runs"][0]["after"] == 3
    assert "manifests-first" not in advice(build)
    (sample / ".dockerignore").write_text(".git\ndocs\n")
    assert again(data(in_process, sample))[7] == 30


def test_every_commit_is_what_affected_says_of_it(in_process: Run, tmp_path: Path) -> None:
    write_sample(tmp_path, commits=6)
    expected: dict[int, int] = {}
    for number in range(6):
        git(tmp_path, "checkout", "-q", f"main~{number}")
        done = in_process("affected", "--since", "HEAD~1", "-F", "json", cwd=tmp_path)
        (target,) = json.loads(done.stdout)["targets"]
        for step in target["steps"]:
            if not step["is_source"]:
                expected.setdefault(step["line"], 0)
                expected[step["line"]] += step["status"] == "runs again"
    git(tmp_path, "checkout", "-q", "main")
    assert again(data(in_process, tmp_path)) == expected


def test_the_json_follows_its_schema(in_process: Run, sample: Path) -> None:
    schema = json.loads((ROOT / "docs/affected-history.schema.json").read_text("utf-8"))
    for words in ((), ("--record", "build.log")):
        done = in_process("affected", "--history", "9", *words, "-F", "json", cwd=sample)
        jsonschema.Draft202012Validator(schema).validate(json.loads(done.stdout))


def test_markdown_has_a_row_for_each_line_that_missed(in_process: Run, sample: Path) -> None:
    done = in_process("affected", "--history", "9", "-F", "markdown", cwd=sample)
    assert b"\n| line 5 \\`COPY . .\\` missed in 9 of 9 commits |" in done.stdout
    assert b"\n       COPY package.json package-lock.json ./\n" in done.stdout


def test_commits_that_cannot_be_built_are_left_out(in_process: Run, tmp_path: Path) -> None:
    files = sample_files()
    dockerfile = "FROM alpine\nCOPY package.json /\nRUN make\n"
    old = {name: text for name, text in files.items() if name != "package.json"}
    write_repository(
        tmp_path,
        [
            old,
            {"src/index.js": "1"},
            {"package.json": "{}"},
            {"package.json": "[]", "Dockerfile": dockerfile},
        ],
    )
    build = data(in_process, tmp_path)
    assert (build["commits"], build["left_out"]) == (1, 2)
    assert again(build) == {2: 1, 3: 1}


def test_a_file_that_becomes_a_folder_a_link_and_strange_names(in_process: Run, tmp_path: Path) -> None:
    write_sample(tmp_path, commits=2)
    (tmp_path / "src/index.js").unlink()
    (tmp_path / "src/index.js").mkdir()
    (tmp_path / "src/index.js/a\nb\x1b").write_text("1")
    (tmp_path / "src/link").symlink_to("../../outside")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "folder")
    git(tmp_path, "rm", "-q", "-r", "src")
    (tmp_path / "src").symlink_to("docs")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "link")
    repository = Repository(str(tmp_path))
    seen = list(revisions(repository, 10, "."))
    for number, revision in enumerate(seen):
        assert revision.after.digest == repository.tree(repository.commit(f"HEAD~{number}")).digest
        assert revision.before.digest == repository.tree(repository.commit(f"HEAD~{number + 1}")).digest
    done = in_process("affected", "--history", "4", cwd=tmp_path)
    assert done.returncode == 0
    assert b"\x1b" not in done.stdout


def test_a_merge_is_one_change_of_its_first_parent(in_process: Run, tmp_path: Path) -> None:
    write_sample(tmp_path, commits=1)
    git(tmp_path, "checkout", "-q", "-b", "side")
    for number in range(3):
        (tmp_path / "src/index.js").write_text(f"side {number}\n")
        git(tmp_path, "commit", "-q", "-a", "-m", "side")
    git(tmp_path, "checkout", "-q", "main")
    git(tmp_path, "merge", "-q", "--no-ff", "-m", "merge", "side")
    build = data(in_process, tmp_path)
    assert build["commits"] == 2


def test_only_commits_that_change_the_context_count(in_process: Run, tmp_path: Path) -> None:
    write_repository(
        tmp_path,
        [
            {"app/Dockerfile": "FROM alpine\nCOPY x /\n", "app/x": "1"},
            {"other": "1"},
            {"app/x": "2"},
            {"app/y": "2"},
        ],
    )
    build = data(in_process, tmp_path, "app")
    assert (build["commits"], build["rebuilt"]) == (2, 1)


def test_a_shallow_clone_says_how_to_fetch_more(in_process: Run, sample: Path, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    git(sample, "clone", "-q", "--depth", "4", sample.as_uri(), str(clone))
    done = in_process("affected", "--history", "10", cwd=clone)
    assert (
        "note: this clone is shallow and has only 3 commits to compare: fetch more with "
        "`git fetch --unshallow`, or fetch-depth: 0\n"
    ) in done.stdout.decode()


def test_a_repository_with_one_commit_has_nothing_to_compare(in_process: Run, tmp_path: Path) -> None:
    write_repository(tmp_path, [sample_files()])
    done = in_process("affected", "--history", "10", cwd=tmp_path)
    assert done.stdout.startswith(b"there are no commits to compare\n")


def test_the_targets_of_a_bake_file_have_a_history_each(in_process: Run, tmp_path: Path) -> None:
    bake = "".join(f'target "{name}" {{ context = "{name}" }}\n' for name in "ab")
    bake += 'group "default" { targets = ["a", "b"] }\n'
    dockerfile = "FROM alpine\nCOPY x /\n"
    first = {
        "docker-bake.hcl": bake,
        "a/Dockerfile": dockerfile,
        "b/Dockerfile": dockerfile,
        "a/x": "1",
        "b/x": "1",
    }
    write_repository(
        tmp_path, [first, {"a/x": "2"}, {"a/x": "3", "b/x": "2"}, {"b/Dockerfile": "FROM x AS\n"}]
    )
    done = in_process("affected", "docker-bake.hcl", "--history", "9", "-F", "json", cwd=tmp_path)
    builds = json.loads(done.stdout)["builds"]
    assert [(one["name"], one["commits"]) for one in builds] == [("a", 2), ("b", 0)]
    assert builds[1]["note"].startswith("this build fails: ")


def test_a_git_folder_in_the_context_is_a_note(in_process: Run, sample: Path) -> None:
    (sample / ".dockerignore").write_text("node_modules\n")
    for words in (("--history", "3"), ("--since", "HEAD")):
        done = in_process("affected", *words, cwd=sample)
        assert b"note: line 5 copies .git, which each commit changes" in done.stdout


def test_a_configured_program_for_signatures_is_not_run(in_process: Run, sample: Path) -> None:
    git(sample, "config", "log.showSignature", "true")
    git(sample, "config", "gpg.program", f"touch {sample}/ran")
    assert data(in_process, sample)["commits"] == 40
    assert not (sample / "ran").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--history", "0"), "0 is not in the range"),
        (("--history", "5", "--since", "HEAD"), "--since has no effect with --history"),
        (("--history", "5", "--exit-code"), "--exit-code has no effect with --history"),
        (("--history", "5", "-F", "matrix"), "--history does not support matrix; use one of text, json"),
    ],
)
def test_wrong_usage(in_process: Run, sample: Path, words: tuple[str, ...], message: str) -> None:
    done = in_process("affected", *words, cwd=sample)
    assert done.returncode == 2
    assert message in done.stderr.decode()


PROJECTS: dict[str, tuple[Mapping[str, str], str, str]] = {
    "npm": ({"package.json": "{}", "package-lock.json": "{}"}, "npm ci", "package.json package-lock.json"),
    "pnpm": (
        {"package.json": "{}", "pnpm-lock.yaml": ""},
        "corepack enable && pnpm install --frozen-lockfile",
        "package.json pnpm-lock.yaml",
    ),
    "yarn": ({"package.json": "{}", "yarn.lock": ""}, "yarn install --immutable", "package.json yarn.lock"),
    "bun": ({"package.json": "{}", "bun.lockb": ""}, "bun install", "package.json bun.lockb"),
    "pip": ({"requirements.txt": "flask\n"}, "pip install -r requirements.txt", "requirements.txt"),
    "pipenv": ({"Pipfile": "", "Pipfile.lock": ""}, "pipenv sync", "Pipfile Pipfile.lock"),
    "poetry": (
        {"pyproject.toml": "", "poetry.lock": ""},
        "poetry install --no-root",
        "pyproject.toml poetry.lock",
    ),
    "uv": ({"pyproject.toml": "", "uv.lock": ""}, "uv sync --no-install-project", "pyproject.toml uv.lock"),
    "go": ({"go.mod": "module x\n", "go.sum": ""}, "go mod download", "go.mod go.sum"),
    "maven": ({"pom.xml": "<project/>"}, "mvn dependency:go-offline", "pom.xml"),
    "gradle": ({"build.gradle": "plugins {}"}, "gradle dependencies", "build.gradle"),
    "dotnet": ({"app.csproj": "<Project/>"}, "dotnet restore", "app.csproj"),
    "bundler": ({"Gemfile": "gem 'rake'", "Gemfile.lock": ""}, "bundle install", "Gemfile Gemfile.lock"),
    "composer": (
        {"composer.json": "{}", "composer.lock": "{}"},
        "composer install --no-scripts --no-autoloader",
        "composer.json composer.lock",
    ),
    "npm in a folder": (
        {"web/package.json": "{}", "web/package-lock.json": "{}"},
        "npm --prefix web ci",
        "web/package.json web/package-lock.json",
    ),
    "cd": ({"web/package.json": "{}"}, "cd ./web/ && npm ci", "web/package.json"),
    "pnpm in a folder": ({"a/b/package.json": "{}"}, "pnpm install --dir=a/b", "a/b/package.json"),
    "pip without a cache": (
        {"requirements.txt": "flask\n"},
        "pip install --no-cache-dir -r requirements.txt",
        "requirements.txt",
    ),
    "pip with a flag first": (
        {"requirements.txt": "flask\n"},
        "pip --no-cache-dir install -r requirements.txt",
        "requirements.txt",
    ),
    "maven with a flag": ({"pom.xml": "<project/>"}, "mvn -B -q dependency:go-offline", "pom.xml"),
    "gradle with a flag": ({"build.gradle": "plugins {}"}, "gradle --no-daemon dependencies", "build.gradle"),
    "cargo": (
        {"Cargo.toml": "[dependencies]\n", "Cargo.lock": ""},
        "cargo fetch --locked",
        "Cargo.lock Cargo.toml",
    ),
    "mix": ({"mix.exs": "", "mix.lock": ""}, "mix deps.get", "mix.exs mix.lock"),
}


@pytest.mark.parametrize("name", PROJECTS)
def test_manifests_are_copied_first_for_every_package_manager(
    in_process: Run, tmp_path: Path, name: str
) -> None:
    files, command, copied = PROJECTS[name]
    dockerfile = f"FROM base\nCOPY . /app/\nRUN {command}\n"
    write_repository(tmp_path, [{**files, "Dockerfile": dockerfile, "src/a": "1"}, {"src/a": "2"}])
    found = advice(data(in_process, tmp_path))["manifests-first"]
    folder = f"{os.path.dirname(copied.split()[0])}/".lstrip("/")
    words = found["write"][0].split()
    assert sorted(words[1:-1]) == sorted(copied.split())
    assert (words[0], words[-1]) == ("COPY", f"/app/{folder}")


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"package.json": '{"workspaces": ["a"]}'}, "npm ci"),
        ({"package.json": '{"scripts": {"postinstall": "node src/x"}}'}, "npm ci"),
        ({"package.json": "{}"}, "npm ci && npm run build"),
        ({"package.json": "{}"}, "npm install --prefix web"),
        ({"package.json": "{}"}, "cd web && npm ci"),
        ({"package.json": "{}", "web/package.json": "{}"}, "cd web && npm ci && npm run build"),
        ({"package.json": "{}"}, "cd web/../.. && npm ci"),
        ({"package.json": "{}"}, "npm --prefix /srv ci"),
        ({"package.json": '{"workspaces": ["a"]}'}, "yarn workspaces focus @x/a --production"),
        ({"pom.xml": "<project/>"}, "mvn -s other.xml dependency:go-offline"),
        ({"pom.xml": "<project/>"}, "mvn -B package"),
        ({"requirements.txt": "-e .\n"}, "pip install -r requirements.txt"),
        ({"requirements.txt": "flask\n"}, "pip install ."),
        ({"requirements.txt": "flask\n"}, "pip install -r other.txt"),
        ({"go.mod": "module x\nreplace y => ./y\n"}, "go mod download"),
        ({"pyproject.toml": ""}, "poetry install"),
        ({"a.csproj": "<Project/>", "b.csproj": "<Project/>"}, "dotnet restore"),
        ({"package.json": "{}", ".dockerignore": "package.json\n"}, "npm ci"),
    ],
)
def test_an_install_that_may_read_more_than_its_manifests_stays(
    in_process: Run, tmp_path: Path, files: Mapping[str, str], command: str
) -> None:
    dockerfile = f"FROM base\nCOPY . /app/\nRUN {command}\n"
    write_repository(tmp_path, [{**files, "Dockerfile": dockerfile, "src/a": "1"}, {"src/a": "2"}])
    assert "manifests-first" not in advice(data(in_process, tmp_path))


def test_files_that_a_manifest_mentions_are_not_excluded(in_process: Run, tmp_path: Path) -> None:
    files = {
        "Dockerfile": "FROM base\nCOPY . /app/\nRUN make\n",
        "README.md": "1",
        "pyproject.toml": 'readme = "README.md"\n',
        ".github/ci.yml": "1",
    }
    write_repository(tmp_path, [files, {"README.md": "2"}, {".github/ci.yml": "2"}])
    assert advice(data(in_process, tmp_path))["ignore"]["names"] == [".github"]


def test_a_copy_that_only_follows_another_one_is_linked(in_process: Run, tmp_path: Path) -> None:
    dockerfile = "FROM base\nCOPY a /a\nCOPY b /b\n"
    write_repository(tmp_path, [{"Dockerfile": dockerfile, "a": "1", "b": "1"}, {"a": "2"}])
    found = advice(data(in_process, tmp_path))["link"]
    assert (found["line"], found["write"]) == (3, ["COPY --link b /b"])


_FILES = st.dictionaries(
    st.sampled_from(["a", "a/b", "a/c", "b/a", "b/a/c", "c"]), st.sampled_from("12"), max_size=4
)


@given(_FILES, _FILES, st.lists(st.sampled_from(["a", "*", "!a/b", "b/*", "**/c", "!b"]), max_size=3))
def test_a_patched_and_filtered_tree_is_the_one_that_is_made_at_once(
    old: dict[str, str], new: dict[str, str], patterns: list[str]
) -> None:
    before, after = _without_conflicts(old), _without_conflicts(new)
    trees = [sg.Context.from_files(files).root for files in (before, after)]
    nodes = {path: node for path in after if (node := sg.Context(trees[1]).at(path))}
    changed = patched(trees[0], before.keys() - after.keys(), nodes)
    assert changed.digest == trees[1].digest
    ignored = ignore_patterns("\n".join(patterns).encode())
    filters = IgnoreFilter(ignored)
    for tree in (trees[0], changed, trees[0]):
        assert filters.of(tree).digest == IgnoreFilter(ignored).of(tree).digest


def _without_conflicts(files: dict[str, str]) -> dict[str, str]:
    """``files`` without those that are also folders."""
    return {
        path: text for path, text in files.items() if not any(one.startswith(f"{path}/") for one in files)
    }


def test_ten_thousand_changed_files_are_counted(in_process: Run, tmp_path: Path) -> None:
    many = {f"src/m{number % 50}/f{number}": "1" for number in range(10_000)}
    changed = dict.fromkeys(many, "2")
    write_repository(tmp_path, [{"Dockerfile": "FROM a\nCOPY . /\n", **many}, changed])
    build = data(in_process, tmp_path)
    (step,) = [one for one in build["steps"] if one["line"] == 2]
    assert step["folders"] == [{"path": "src/", "commits": 1}]
    assert len(step["files"]) == 100
    assert os.path.getsize(tmp_path / "Dockerfile") < 100


def many_commits(folder: Path, count: int) -> None:
    """A repository with ``count`` changes of a few files and of the packages."""
    changes = [
        {f"src/m{number % 7}/f{number % 31}.js": f"{number}\n"}
        | ({"package.json": f"{number}"} if number % 9 == 0 else {})
        for number in range(1, count + 1)
    ]
    write_repository(folder, [sample_files(), *changes])


@pytest.mark.skipif(sys.platform != "linux", reason="processes are only forked there")
def test_the_counts_are_the_same_on_any_number_of_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from stagegraph.rebuild import play

    many_commits(tmp_path, 110)
    monkeypatch.setattr(play, "_COMMITS_A_PART", 20)
    recipe = Recipe(build=sg.BuildState.from_files(sample_files()).build, ignore=b"docs\n")
    commits = play.Commits(root=str(tmp_path), folder=".", count=105)
    found = []
    for cores in (1, 2, 5):
        monkeypatch.setattr(play, "_cores", lambda cores=cores: cores)
        seen: list[int] = []
        found.append(play.histories(commits, [recipe, recipe], seen.append))
        assert seen == sorted(seen)
    assert found[0] == found[1] == found[2]
    monkeypatch.setattr(play, "_COMMITS_A_PART", 10_000)
    whole = play.histories(commits, [recipe, recipe], lambda _done: None)
    assert whole == found[0]
    assert whole[0].commits == 105
    assert whole[0].oldest == git(tmp_path, "rev-parse", "HEAD~104")


@pytest.mark.skipif(sys.platform != "linux", reason="processes are only forked there")
def test_an_interrupt_ends_every_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import multiprocessing

    from stagegraph.rebuild import play

    many_commits(tmp_path, 110)
    monkeypatch.setattr(play, "_COMMITS_A_PART", 20)
    monkeypatch.setattr(play, "_cores", lambda: 2)
    recipe = Recipe(build=sg.BuildState.from_files(sample_files()).build)

    def endless(
        _commits: object, _recipes: object, _parts: object, progress: Callable[[int], None], _workers: int
    ) -> None:
        for number in itertools.count():
            progress(number)
            time.sleep(0.01)

    def interrupt(_done: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(play, "_one_by_one", endless)
    with pytest.raises(KeyboardInterrupt):
        play.histories(play.Commits(root=str(tmp_path), folder=".", count=110), [recipe], interrupt)
    assert multiprocessing.active_children() == []


@pytest.mark.skipif(sys.platform != "linux", reason="processes are only forked there")
def test_a_process_that_is_killed_is_one_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from stagegraph.rebuild import play

    many_commits(tmp_path, 110)
    monkeypatch.setattr(play, "_COMMITS_A_PART", 20)
    monkeypatch.setattr(play, "_cores", lambda: 2)
    monkeypatch.setattr(play, "_one_by_one", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
    recipe = Recipe(build=sg.BuildState.from_files(sample_files()).build)
    with pytest.raises(InputError, match="a process that looked at commits was killed"):
        play.histories(play.Commits(root=str(tmp_path), folder=".", count=110), [recipe], lambda _done: None)
