"""``stagegraph affected``: what a change since a commit makes BuildKit run again."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from stagegraph.rebuild.git_tree import Repository

from .conftest import ROOT
from .tools import program

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]

APP = """\
FROM node:20 AS build
WORKDIR /app
COPY package*.json ./
RUN npm ci
COPY . .
RUN npm run build
FROM nginx
COPY --from=build /app/dist /srv
"""
BAKE = """\
group "default" { targets = ["web", "app"] }
target "base" { context = "base" }
target "web" {
  context = "web"
  contexts = { base = "target:base" }
}
target "app" { context = "app" }
"""


def git(folder: Path, *words: str) -> str:
    """What git prints, run as somebody in ``folder``."""
    names = {f"GIT_{who}_{what}": "x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    done = subprocess.run(
        [program("git"), *words],
        cwd=folder,
        env=os.environ | names | {"GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A repository with three builds, on a branch of ``main``."""
    files = {
        "app/Dockerfile": APP,
        "app/package.json": "{}\n",
        "app/src/a.js": "1\n",
        "app/README.md": "read\n",
        "app/.dockerignore": "*.md\n",
        "base/Dockerfile": "FROM node AS deps\nRUN make deps\n",
        "web/Dockerfile": "FROM base\nCOPY . /web\nRUN build\n",
        "web/x": "1\n",
        "docker-bake.hcl": BAKE,
    }
    for name, text in files.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    git(tmp_path, "checkout", "-q", "-b", "feature")
    return tmp_path


def statuses(run: Run, folder: Path, *words: str) -> dict[int, str]:
    """The status of each step of an instruction by its line."""
    done = run("affected", *words, "-F", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    (target,) = json.loads(done.stdout)["targets"]
    return {step["line"]: step["status"] for step in target["steps"] if not step["is_source"]}


def test_a_changed_source_runs_what_copies_it_and_what_follows(in_process: Run, folder: Path) -> None:
    (folder / "app/src/a.js").write_text("2\n")
    assert statuses(in_process, folder, "app") == {
        2: "cached",
        3: "cached",
        4: "cached",
        5: "runs again",
        6: "runs again",
        8: "may run again",
    }
    done = in_process("affected", "app", "--since", "main", cwd=folder)
    assert done.stdout.decode() == (
        "Since main: 2 of 6 steps run again, 1 may run again, 3 cached\n"
        "\n"
        "Runs again\n"
        "  line 5  [build 5/6] COPY . .\n"
        "      src/a.js changed\n"
        "  line 6  [build 6/6] RUN npm run build\n"
        "      after line 5\n"
        "\n"
        "May run again\n"
        "  line 8  [stage-1 2/2] COPY --from=build /app/dist /srv\n"
        "      after line 6\n"
        "\n"
        "Cached\n"
        "  lines 2, 3, 4\n"
    )


def test_ignored_files_and_times_change_nothing(in_process: Run, folder: Path) -> None:
    (folder / "app/README.md").write_text("read it\n")
    (folder / "other").mkdir()
    (folder / "other/x").write_text("1\n")
    os.utime(folder / "app/src/a.js", (1, 1))
    assert set(statuses(in_process, folder, "app").values()) == {"cached"}
    assert in_process("affected", "app", "--exit-code", cwd=folder).returncode == 0


def test_untracked_deleted_and_committed_files_count(in_process: Run, folder: Path) -> None:
    (folder / "app/src/new.js").write_text("1\n")
    assert statuses(in_process, folder, "app")[5] == "runs again"
    assert in_process("affected", "app", "--exit-code", cwd=folder).returncode == 1
    (folder / "app/src/new.js").unlink()
    (folder / "app/src/a.js").unlink()
    assert statuses(in_process, folder, "app")[5] == "runs again"
    git(folder, "commit", "-q", "-a", "-m", "second")
    assert statuses(in_process, folder, "app")[5] == "runs again"
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "cached"


def test_staged_files_are_those_of_the_index(in_process: Run, folder: Path) -> None:
    (folder / "app/src/a.js").write_text("2\n")
    assert statuses(in_process, folder, "app", "--staged")[5] == "cached"
    git(folder, "add", "-A")
    (folder / "app/src/a.js").write_text("1\n")
    assert statuses(in_process, folder, "app", "--staged")[5] == "runs again"
    assert statuses(in_process, folder, "app")[5] == "cached"


def test_a_changed_mode_counts_and_that_of_the_group_does_not(in_process: Run, folder: Path) -> None:
    (folder / "app/src/a.js").chmod(0o664)
    assert statuses(in_process, folder, "app")[5] == "cached"
    (folder / "app/src/a.js").chmod(0o755)
    assert statuses(in_process, folder, "app")[5] == "runs again"


@pytest.mark.parametrize("name", ["-", "app/package.json"])
def test_paths_that_changed_can_be_named(stagegraph: Run, folder: Path, name: str) -> None:
    done = stagegraph("affected", "app", "--changed", name, cwd=folder, stdin=b"app/package.json\nother\n")
    assert done.stdout.decode().startswith("4 of 6 steps run again, 1 may run again, 1 cached\n")


def test_a_dockerfile_of_which_the_text_before_is_unknown_may_run(in_process: Run, folder: Path) -> None:
    for name in ("app/Dockerfile", "app/.dockerignore"):
        done = in_process("affected", "app", "--changed", name, cwd=folder)
        assert done.stdout.decode().startswith("0 of 6 steps run again, 6 may run again, 0 cached\n")
        assert (
            f"note: {name} changed, and what it was before is not known: use --since\n"
            in done.stdout.decode()
        )


def test_a_new_dockerfile_runs_all(in_process: Run, folder: Path) -> None:
    (folder / "new.Dockerfile").write_text("FROM alpine\nRUN true\n")
    done = in_process("affected", "new.Dockerfile", cwd=folder)
    assert "1 of 1 step runs again" in done.stdout.decode()
    assert done.stdout.decode().endswith("note: new.Dockerfile is new\n")


def test_a_bake_file_names_the_targets_to_build(in_process: Run, folder: Path) -> None:
    (folder / "web/x").write_text("2\n")
    assert in_process("affected", "docker-bake.hcl", "-F", "targets", cwd=folder).stdout == b"web\n"
    (folder / "base/Dockerfile").write_text("FROM node AS deps\nRUN make more\n")
    done = in_process("affected", "docker-bake.hcl", "-F", "matrix", cwd=folder)
    assert json.loads(done.stdout) == {"target": ["base", "web"]}
    done = in_process("affected", "docker-bake.hcl", "app", "-F", "targets", cwd=folder)
    assert done.stdout == b""


def test_a_target_that_reads_another_may_run_when_that_does(in_process: Run, folder: Path) -> None:
    (folder / "base/Dockerfile").write_text("FROM node AS deps\nRUN make more\n")
    done = in_process("affected", "docker-bake.hcl", cwd=folder)
    text = done.stdout.decode()
    assert "base: 1 of 1 step runs again, 0 cached\n" in text
    assert "web: 0 of 2 steps run again, 2 may run again, 0 cached\n" in text


def test_an_argument_in_a_bake_file_counts_where_it_is_used(in_process: Run, folder: Path) -> None:
    bake = folder / "docker-bake.hcl"
    bake.write_text(BAKE.replace('context = "app"', 'context = "app"\n  args = { V = "2" }'))
    assert in_process("affected", "docker-bake.hcl", "-F", "targets", cwd=folder).stdout == b""
    dockerfile = folder / "app/Dockerfile"
    dockerfile.write_text(APP.replace("WORKDIR", "ARG V\nWORKDIR"))
    git(folder, "commit", "-q", "-a", "-m", "second")
    bake.write_text(bake.read_text().replace('V = "2"', 'V = "3"'))
    done = in_process("affected", "docker-bake.hcl", "--since", "HEAD", "-F", "targets", cwd=folder)
    assert done.stdout == b"app\n"


def test_a_target_outside_of_the_default_group_before_is_not_new(in_process: Run, folder: Path) -> None:
    bake = folder / "docker-bake.hcl"
    bake.write_text(BAKE.replace('"web", "app"', '"web"'))
    git(folder, "commit", "-q", "-a", "-m", "second")
    after = BAKE.replace('"web", "app"', '"web", "app", "new"')
    bake.write_text(f'{after}target "new" {{ context = "base" }}\n')
    done = in_process("affected", "docker-bake.hcl", "--since", "HEAD", "-F", "targets", cwd=folder)
    assert done.stdout == b"new\n"
    done = in_process("affected", "docker-bake.hcl", "app", "--since", "HEAD", "-F", "targets", cwd=folder)
    assert done.stdout == b""


def test_a_target_that_cannot_be_built_does_not_hide_the_others(in_process: Run, folder: Path) -> None:
    (folder / "app/Dockerfile").write_text("FROM node AS\n")
    done = in_process("affected", "docker-bake.hcl", cwd=folder)
    assert done.returncode == 0
    assert "\napp: it cannot be built\nnote: this build fails: " in done.stdout.decode()
    assert "\nweb: all of 2 steps cached\n" in done.stdout.decode()
    assert in_process("affected", "docker-bake.hcl", "-F", "targets", cwd=folder).stdout == b"app\n"


def test_a_record_says_what_the_rebuild_costs(in_process: Run, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(ROOT / "samples/measured", tmp_path / "m")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "first")
    text = (tmp_path / "m/Dockerfile").read_text()
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.startswith("RUN")]
    changed = text.splitlines()
    changed[lines[-1] - 1] += " && true"
    (tmp_path / "m/Dockerfile").write_text("\n".join(changed) + "\n")
    done = in_process("affected", "m", "--record", "m/build.dockerbuild", cwd=tmp_path)
    assert done.returncode == 0
    assert ", about " in done.stdout.decode().splitlines()[0]


TIMED = """\
FROM node AS deps
RUN make deps
FROM node AS web
COPY src /src
RUN make web
RUN make pages
FROM scratch
COPY --from=deps /deps /deps
COPY --from=web /out /out
"""
TIMED_LOG = """\
#5 [deps 2/2] RUN make deps
#5 DONE 50.0s

#6 [web 2/4] COPY src /src
#6 DONE 1.0s

#7 [web 3/4] RUN make web
#7 DONE 20.0s

#8 [web 4/4] RUN make pages
#8 DONE 9.0s

#9 [stage-2 1/2] COPY --from=deps /deps /deps
#9 DONE 3.0s

#10 [stage-2 2/2] COPY --from=web /out /out
#10 DONE 2.0s
"""


def timed(folder: Path, log: str = TIMED_LOG) -> None:
    """A repository in which the sources of one of two stages changed, with a record of the build before."""
    (folder / "src").mkdir()
    for name, text in (("Dockerfile", TIMED), ("src/a", "1\n")):
        (folder / name).write_text(text)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "first")
    (folder / "src/a").write_text("2\n")
    (folder / "build.log").write_text(log)


def test_with_a_record_the_critical_path_of_the_rebuild_is_shown(in_process: Run, tmp_path: Path) -> None:
    timed(tmp_path)
    done = in_process("affected", "--record", "build.log", "--since", "main", cwd=tmp_path)
    text = done.stdout.decode()
    # 30 s certainly, and the last copy only if the pages are other ones
    assert text.startswith(
        "Since main: 3 of 6 steps run again, 1 may run again, 2 cached, about 30.0 s to 32.0 s of 85.0 s\n"
    )
    assert text.endswith(
        "Critical path of the rebuild: 4 steps, about 32.0 s\n"
        "  line 4  [web 2/4] COPY src /src\n"
        "  line 5  [web 3/4] RUN make web\n"
        "  line 6  [web 4/4] RUN make pages\n"
        "  line 9  [stage-2 2/2] COPY --from=web /out /out\n"
    )


def test_the_critical_path_of_the_rebuild_is_in_markdown_and_json(in_process: Run, tmp_path: Path) -> None:
    timed(tmp_path)
    words = ("affected", "--record", "build.log", "--since", "main", "-F")
    done = in_process(*words, "markdown", cwd=tmp_path)
    assert "Critical path of the rebuild: 4 steps, about 32.0 s: line 4 → line 5" in done.stdout.decode()
    data = json.loads(in_process(*words, "json", cwd=tmp_path).stdout)
    schema = json.loads((ROOT / "docs/affected.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(data)
    rebuild = data["targets"][0]["rebuild"]
    lines = [data["targets"][0]["steps"][step]["line"] for step in rebuild.pop("path")]
    assert lines == [4, 5, 6, 9]
    assert rebuild == {"again": 30.0, "may": 2.0, "total": 85.0, "unknown": [], "length": 32.0}


def test_a_step_that_was_cached_in_the_record_has_no_time(in_process: Run, tmp_path: Path) -> None:
    timed(tmp_path, TIMED_LOG.replace("#7 DONE 20.0s", "#7 CACHED"))
    done = in_process("affected", "--record", "build.log", "--since", "main", cwd=tmp_path)
    assert "about 10.0 s to 12.0 s of 65.0 s" in done.stdout.decode()
    assert "\nnote: the record has no time for 1 step: line 5\n" in done.stdout.decode()


def test_a_record_in_which_all_was_cached_has_no_times(in_process: Run, tmp_path: Path) -> None:
    import re

    timed(tmp_path, re.sub(r"DONE .*", "CACHED", TIMED_LOG))
    done = in_process("affected", "--record", "build.log", "--since", "main", cwd=tmp_path)
    assert "about" not in done.stdout.decode()
    assert "\nnote: the record has no times for these steps: " in done.stdout.decode()


@pytest.mark.parametrize("command", ["text", "markdown", "json", "targets", "matrix"])
def test_every_format_is_printed(in_process: Run, folder: Path, command: str) -> None:
    (folder / "app/src/a.js").write_text("2\n")
    done = in_process("affected", "docker-bake.hcl", "-F", command, cwd=folder)
    assert done.returncode == 0
    assert b"app" in done.stdout


def test_the_json_follows_its_schema(in_process: Run, folder: Path) -> None:
    (folder / "app/src/a.js").write_text("2\n")
    schema = json.loads((ROOT / "docs/affected.schema.json").read_text("utf-8"))
    for words in (("app",), ("docker-bake.hcl",), ("app", "--changed", "app/Dockerfile")):
        done = in_process("affected", *words, "-F", "json", cwd=folder)
        jsonschema.Draft202012Validator(schema).validate(json.loads(done.stdout))


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (
            ("app", "--since", "nope"),
            1,
            "there is no revision `nope`\nhint: use a commit, branch or tag",
        ),
        (("app", "--since", "--help"), 1, "error: there is no revision `--help`\n"),
        (("app", "extra"), 2, "only a bake or compose file has targets"),
        (("app", "--changed", "x", "--since", "main"), 2, "--changed names the change"),
        (("docker-bake.hcl", "--target", "x"), 2, "--target has no effect with a bake or compose file"),
        (("-",), 2, "name its path"),
    ],
)
def test_wrong_usage(in_process: Run, folder: Path, words: tuple[str, ...], code: int, message: str) -> None:
    done = in_process("affected", *words, cwd=folder)
    assert done.returncode == code
    assert message in done.stderr.decode()


def test_outside_of_a_repository_the_change_must_be_named(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\nCOPY a /\n")
    (tmp_path / "a").write_text("1\n")
    done = in_process("affected", cwd=tmp_path)
    assert done.returncode == 1
    assert "or name what changed with --changed" in done.stderr.decode()
    done = in_process("affected", "--changed", "a", cwd=tmp_path)
    assert done.stdout.decode().startswith("1 of 1 step runs again, 0 cached\n")


def test_a_repository_without_a_commit_has_no_state_before(in_process: Run, tmp_path: Path) -> None:
    (tmp_path / "Dockerfile").write_text("FROM alpine\n")
    git(tmp_path, "init", "-q")
    done = in_process("affected", cwd=tmp_path)
    assert done.stderr.decode().startswith("error: there is no commit yet\n")


def test_without_git_the_change_must_be_named(
    in_process: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    done = in_process("affected", "app", "--since", "main", cwd=folder)
    assert done.stderr.decode() == (
        "error: git is not installed, so no commit can be read\n"
        "hint: install git, or name what changed with --changed\n"
    )
    done = in_process("affected", "app", "--changed", "app/package.json", cwd=folder)
    assert done.returncode == 0


def test_a_shallow_clone_says_what_is_missing(in_process: Run, folder: Path, tmp_path: Path) -> None:
    first = git(folder, "rev-parse", "HEAD")
    (folder / "app/src/a.js").write_text("2\n")
    git(folder, "commit", "-q", "-a", "-m", "second")
    clone = tmp_path / "clone"
    git(folder, "clone", "-q", "--depth", "1", folder.as_uri(), str(clone))
    done = in_process("affected", "app", "--since", first, cwd=clone)
    assert done.returncode == 1
    assert "this clone is shallow" in done.stderr.decode()


def test_names_and_links_of_all_kinds_are_read_from_git_as_from_disk(folder: Path) -> None:
    (folder / "app/a\nb").write_text("1\n")
    (folder / "app/ü -x").write_text("1\n")
    (folder / "app/link").symlink_to("../../outside")
    (folder / "app/run.sh").write_text("1\n")
    (folder / "app/run.sh").chmod(0o755)
    os.write(os.open(os.fsencode(folder) + b"/app/\xff", os.O_WRONLY | os.O_CREAT), b"1")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "names")
    repository = Repository(str(folder))
    committed = repository.tree(repository.commit("HEAD"))
    assert "a\nb" in committed.children["app"].children
    assert committed.digest == repository.staged().digest == repository.working().digest


def test_git_runs_no_program_of_the_repository(in_process: Run, folder: Path) -> None:
    (folder / ".gitattributes").write_text("* filter=evil\n")
    git(folder, "config", "filter.evil.clean", f"touch {folder}/ran")
    git(folder, "config", "filter.evil.smudge", f"touch {folder}/ran")
    git(folder, "config", "core.fsmonitor", f"touch {folder}/ran")
    (folder / "app/src/a.js").write_text("2\n")
    assert statuses(in_process, folder, "app")[5] == "runs again"
    assert not (folder / "ran").exists()


def test_the_picture_says_what_runs_again(in_process: Run, folder: Path) -> None:
    (folder / "app/src/a.js").write_text("2\n")
    text = in_process("render", "app", "--since", "main", "--steps", "-F", "text", cwd=folder).stdout.decode()
    assert ", runs again from line 5)" in text
    assert "(1 step, may run again from line 8)" in text
    assert "COPY . .  runs again\n" in text
    assert "RUN npm ci\n" in text
    mermaid = in_process("render", "app", "--since", "main", "-F", "mermaid", cwd=folder).stdout.decode()
    assert "runs again from line 5" in mermaid
    plain, marked = (
        in_process("render", "app", *words, "-F", "svg", cwd=folder).stdout.decode()
        for words in ((), ("--since", "main"))
    )
    assert "may run again from line 8" in marked
    assert "runs again" not in plain


def test_the_data_of_the_picture_follow_the_schema(in_process: Run, folder: Path) -> None:
    schema = json.loads((ROOT / "docs/report.schema.json").read_text("utf-8"))
    done = in_process("render", "app", "--since", "main", "-F", "json", cwd=folder)
    data = json.loads(done.stdout)
    jsonschema.Draft202012Validator(schema).validate(data)
    assert {node["rebuild"]["status"] for node in data["nodes"] if node["rebuild"]} == {"cached"}


def test_a_picture_has_one_comparison(in_process: Run, folder: Path) -> None:
    done = in_process("render", "app", "--since", "main", "--record", "x", cwd=folder)
    assert b"--since cannot be used with --record" in done.stderr


def test_a_file_of_git_lfs_is_the_one_that_its_pointer_names(in_process: Run, folder: Path) -> None:
    import hashlib

    data = b"large" * 100
    digest = hashlib.sha256(data).hexdigest()
    file = folder / "app/model.bin"
    file.write_text(f"version https://git-lfs.github.com/spec/v1\noid sha256:{digest}\nsize {len(data)}\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "pointer")
    file.write_bytes(data)
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "cached"
    file.write_bytes(data[:-1] + b"!")
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "runs again"


def test_a_submodule_is_known_by_its_commit(in_process: Run, folder: Path) -> None:
    first, second = "1" * 40, "2" * 40
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{first},app/library")
    git(folder, "commit", "-q", "-m", "submodule")
    (folder / "app/library").mkdir()
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "cached"
    git(folder, "update-index", "--cacheinfo", f"160000,{second},app/library")
    assert statuses(in_process, folder, "app", "--since", "HEAD", "--staged")[5] == "runs again"
    done = in_process("affected", "app", "--history", "5", cwd=folder)
    assert done.returncode == 0


def test_a_link_out_of_the_context_is_not_followed(in_process: Run, folder: Path) -> None:
    (folder / "outside").write_text("1\n")
    (folder / "app/src/link").symlink_to("../../outside")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "link")
    (folder / "outside").write_text("2\n")
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "cached"


def test_a_context_outside_of_the_repository_is_an_error(in_process: Run, folder: Path) -> None:
    outside = folder.parent / "outside"
    outside.mkdir(exist_ok=True)
    done = in_process("affected", "app", "--context", str(outside), cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode().endswith(
        f"is outside of the repository {folder}\nhint: name files of one repository\n"
    )


def test_a_renamed_dockerfile_has_the_cache_of_the_old_name(in_process: Run, folder: Path) -> None:
    git(folder, "mv", "app/Dockerfile", "app/Containerfile")
    done = in_process("affected", "app/Containerfile", cwd=folder)
    assert done.stdout.decode().startswith("Since ")
    assert done.stdout.decode().endswith("note: app/Containerfile was app/Dockerfile before\n")
    found = statuses(in_process, folder, "app/Containerfile")
    assert (found[4], found[5]) == ("cached", "runs again")  # COPY . . has the Dockerfile
    done = in_process("affected", "app/Dockerfile", cwd=folder)
    assert done.returncode == 1
    assert b"app/Dockerfile" in done.stderr


def test_a_moved_folder_has_the_cache_of_the_old_place(in_process: Run, folder: Path) -> None:
    git(folder, "mv", "app", "moved")
    assert set(statuses(in_process, folder, "moved").values()) == {"cached"}


def test_a_dockerfile_unlike_those_that_are_gone_is_new(in_process: Run, folder: Path) -> None:
    git(folder, "mv", "app/Dockerfile", "app/Containerfile")
    (folder / "app/Containerfile").write_text("FROM alpine\nRUN other\n")
    done = in_process("affected", "app/Containerfile", cwd=folder)
    assert done.stdout.decode().endswith("note: app/Containerfile is new\n")


@pytest.mark.parametrize(
    ("context", "message"),
    [
        ("nowhere", "nowhere: there is no such directory"),
        ("app/Dockerfile", "app/Dockerfile: not a directory"),
    ],
)
def test_a_context_that_is_not_a_directory_is_an_error(
    in_process: Run, folder: Path, context: str, message: str
) -> None:
    done = in_process("affected", "app", "--context", context, cwd=folder)
    assert (done.returncode, done.stdout) == (1, b"")
    assert done.stderr.decode().startswith(f"error: {message}\n")


def test_a_revision_is_printed_on_one_line(in_process: Run, folder: Path) -> None:
    done = in_process("affected", "app", "--since", "a\nerror: b", cwd=folder)
    assert done.stderr.decode().startswith("error: there is no revision `a error: b`\n")


def checked_out_submodule(folder: Path) -> Path:
    """A submodule ``app/library`` of ``folder`` with one file, checked out and committed."""
    inside = folder / "app/library"
    inside.mkdir()
    (inside / "a").write_text("1\n")
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "first")):
        git(inside, *words)
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "submodule")
    return inside


def test_files_of_a_checked_out_submodule_are_compared(in_process: Run, folder: Path) -> None:
    inside = checked_out_submodule(folder)
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "cached"
    (inside / "new").write_text("1\n")
    assert statuses(in_process, folder, "app", "--since", "HEAD")[5] == "runs again"
    (inside / "new").unlink()
    (inside / "a").write_text("2\n")
    done = in_process("affected", "app", "--since", "HEAD", cwd=folder)
    assert b"library/a changed" in done.stdout


def test_a_copy_from_a_submodule_reads_its_files(in_process: Run, folder: Path) -> None:
    inside = checked_out_submodule(folder)
    (folder / "app/Dockerfile").write_text("FROM a\nCOPY library/a /a\n")
    git(folder, "commit", "-aqm", "copy")
    (inside / "other").write_text("1\n")
    assert statuses(in_process, folder, "app", "--since", "HEAD") == {2: "cached"}
    git(inside, "add", "-A")
    git(inside, "commit", "-q", "-m", "second")
    git(folder, "commit", "-aqm", "newer")
    (inside / "a").write_text("2\n")
    assert statuses(in_process, folder, "app", "--since", "HEAD~1") == {2: "runs again"}


def test_a_submodule_that_is_a_link_to_its_own_repository_ends(in_process: Run, folder: Path) -> None:
    git(folder, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},app/library")
    (folder / "app/library").symlink_to("..")
    assert in_process("affected", "app", cwd=folder).returncode == 0
    (folder / "app/library").unlink()
    (folder / "app/library").mkdir()
    (folder / "app/library/.git").write_text(f"gitdir: {folder}/.git\n")
    assert in_process("affected", "app", cwd=folder).returncode == 0


def test_names_with_newlines_are_read_between_nul_bytes(stagegraph: Run, folder: Path) -> None:
    (folder / "app/a\nb").write_text("1\n")
    done = stagegraph("affected", "app", "--changed", "-", cwd=folder, stdin=b"app/a\nb\0")
    text = done.stdout.decode()
    assert text.startswith("2 of 6 steps run again")
    assert "      a b changed\n" in text


def test_a_hundred_thousand_changed_paths(stagegraph: Run, folder: Path) -> None:
    names = b"".join(b"app/src/f%d.js\n" % number for number in range(100_000))
    done = stagegraph("affected", "app", "--changed", "-", cwd=folder, stdin=names)
    assert b"      src/f0.js, src/f1.js, src/f10.js and 99997 more changed\n" in done.stdout


def test_a_changed_path_with_too_many_folders_is_an_error(in_process: Run, folder: Path) -> None:
    done = in_process("affected", "app", "--changed", "app/" + "d/" * 1500 + "f", cwd=folder)
    assert b"more than 400 folders inside each other" in done.stderr


def test_a_folder_of_git_that_is_deeper_than_supported_is_an_error(in_process: Run, folder: Path) -> None:
    blob = git(folder, "rev-parse", "HEAD:app/README.md")
    git(folder, "update-index", "--add", "--cacheinfo", f"100644,{blob},{'d/' * 500}f")
    git(folder, "commit", "-q", "-m", "deep")
    for words in (("--since", "HEAD"), ("--history", "3")):
        done = in_process("affected", ".", "-f", "app/Dockerfile", *words, cwd=folder)
        assert b"more than 400 folders inside each other" in done.stderr


def test_git_that_takes_too_long_is_one_clear_error(
    in_process: Run, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*words: object, **options: object) -> None:
        raise subprocess.TimeoutExpired(["git"], 60)

    monkeypatch.setattr("stagegraph.git.subprocess.run", slow)
    done = in_process("affected", "app", cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode().startswith("error: git rev-parse took more than 60 seconds\nhint: ")


def test_on_the_default_branch_a_warning_says_to_name_a_commit(in_process: Run, folder: Path) -> None:
    warning = (
        "warning: the last commit is in `main` already, so the working tree is compared with it\n"
        "hint: name the commit before the change with --since, for example --since HEAD~1\n"
    )
    git(folder, "checkout", "-q", "main")
    for words in ((), ("-F", "targets")):
        assert in_process("affected", "app", *words, cwd=folder).stderr.decode() == warning
    for named in (["--since", "HEAD"], ["--staged"], ["--changed", "x"]):
        assert in_process("affected", "app", *named, cwd=folder).stderr == b""
    git(folder, "checkout", "-q", "feature")
    (folder / "app/src/a.js").write_text("2\n")
    git(folder, "commit", "-q", "-a", "-m", "second")
    assert in_process("affected", "app", cwd=folder).stderr == b""


def test_a_branch_without_a_common_commit_needs_the_name_of_one(
    in_process: Run, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    git(folder, "checkout", "-q", "--orphan", "other")
    git(folder, "commit", "-q", "-m", "unrelated")
    done = in_process("affected", "app", cwd=folder)
    assert done.stderr.decode() == (
        "error: HEAD and `main` have no commit in common\n"
        "hint: name the commit to compare with: --since REV\n"
    )
    assert in_process("affected", "app", "--since", "main", cwd=folder).returncode == 0
    clone = tmp_path_factory.mktemp("clone") / "c"
    git(folder, "clone", "-q", "--depth", "1", "--no-single-branch", folder.as_uri(), str(clone))
    done = in_process("affected", "app", "--since", "main~1", cwd=clone)
    assert b"this clone is shallow" in done.stderr
    git(clone, "remote", "set-head", "origin", "main")
    done = in_process("affected", "app", cwd=clone)
    assert b"hint: this clone is shallow: fetch the rest with `git fetch --unshallow`" in done.stderr


def test_another_working_tree_in_the_configuration_is_an_error(in_process: Run, folder: Path) -> None:
    git(folder, "config", "core.worktree", str(folder / "base"))
    done = in_process("affected", "app", "--since", "HEAD", cwd=folder)
    assert done.returncode == 1
    assert "app: git has another working tree for it, " in done.stderr.decode()


def test_a_merge_of_many_branches_is_compared_with_its_first_parent(in_process: Run, folder: Path) -> None:
    for name in "xyz":
        git(folder, "checkout", "-q", "-b", name, "main")
        (folder / "app/src" / name).write_text("1\n")
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "-m", name)
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "x", "y", "z")
    done = in_process("affected", "app", "--since", "HEAD~1", cwd=folder)
    assert b"      src/y, src/z changed\n" in done.stdout
    done = in_process("affected", "app", "--history", "5", "-F", "json", cwd=folder)
    assert json.loads(done.stdout)["builds"][0]["commits"] == 2


def test_a_folder_on_disk_that_is_deeper_than_supported_is_a_short_error(
    in_process: Run, tmp_path: Path
) -> None:
    (tmp_path / "Dockerfile").write_text("FROM a\nCOPY . /\n")
    (tmp_path / ("d/" * 450)).mkdir(parents=True)
    done = in_process("affected", "--changed", "f", cwd=tmp_path)
    assert done.returncode == 1
    assert b"more than 400 folders inside each other" in done.stderr
    assert len(done.stderr) < 200


# bake files of a directory


@pytest.mark.parametrize("words", [(), (".",), ("--since", "main"), ("web", "app"), (".", "web", "app")])
def test_a_directory_with_only_a_bake_file_has_its_targets(
    in_process: Run, folder: Path, words: tuple[str, ...]
) -> None:
    (folder / "elsewhere").mkdir()
    for name in ("web", "app"):  # so that they are targets, not paths
        (folder / name).rename(folder / "elsewhere" / name)
    (folder / "docker-bake.hcl").write_text(
        'group "default" { targets = ["web", "app"] }\n'
        'target "app" { context = "elsewhere/app" }\ntarget "web" { context = "elsewhere/web" }\n'
    )
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "moved")
    git(folder, "branch", "-f", "main")
    (folder / "elsewhere/app/src/a.js").write_text("2\n")
    done = in_process("affected", *words, "-F", "targets", cwd=folder)
    assert (done.stdout, done.returncode) == (b"app\n", 0)
    assert (done.stderr == b"") is ("--since" in words)  # the warning of the default branch


def test_a_dockerfile_comes_before_a_bake_file(in_process: Run, folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM alpine\nCOPY app /app\n")
    done = in_process("affected", "--since", "main", cwd=folder)
    assert b"Dockerfile is new" in done.stdout or b"COPY app /app" in done.stdout
    assert b"targets affected" not in done.stdout


def test_a_compose_file_of_a_directory_has_its_services(in_process: Run, folder: Path) -> None:
    (folder / "stack").mkdir()
    (folder / "stack/compose.yaml").write_text(
        "services:\n  app:\n    build: ../app\n  web: {build: ../web}\n"
    )
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "stack")
    (folder / "app/src/a.js").write_text("2\n")
    done = in_process("affected", "stack", "--since", "HEAD", "-F", "targets", cwd=folder)
    assert done.stdout == b"app\n"


def test_what_a_bake_file_reads_besides_is_as_it_was(in_process: Run, folder: Path) -> None:
    (folder / "compose.yaml").write_text("services:\n  x:\n    extends: {file: base.yaml, service: s}\n")
    base = "services:\n  s:\n    build: {context: app, args: {V: %s}}\n"
    (folder / "base.yaml").write_text(base % 1)
    (folder / "app/Dockerfile").write_text("FROM alpine\nARG V\nRUN use $V\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "-m", "compose")
    (folder / "base.yaml").write_text(base % 2)
    done = in_process("affected", "compose.yaml", "--since", "HEAD", cwd=folder)
    assert "[2/2] RUN use 2\n      V changed\n" in done.stdout.decode()


# render --since of a bake file


@pytest.mark.parametrize(
    ("detail", "shown", "cached"),
    [
        ("stages", ["app:build (5 steps, runs again from line 5)"], "web (2 steps, cached)"),
        ("targets", ["app (6 steps, runs again from line 5)"], "web (2 steps, cached)"),
    ],
)
def test_a_picture_of_a_bake_file_marks_what_runs_again(
    in_process: Run, folder: Path, detail: str, shown: list[str], cached: str
) -> None:
    (folder / "app/src/a.js").write_text("2\n")
    words = ("render", "docker-bake.hcl", "--since", "main", "--detail", detail)
    done = in_process(*words, "-F", "text", cwd=folder)
    for text in [*shown, cached]:
        assert text in done.stdout.decode(), done.stderr
    assert b"runs again" in in_process(*words, "-F", "svg", cwd=folder).stdout
    data = json.loads(in_process(*words[:-2], "-F", "json", cwd=folder).stdout)
    again = {step["line"] for step in data["steps"] if "runs again" in str(step.get("rebuild"))}
    assert again == {5, 6}


def test_what_is_not_known_of_a_target_is_in_the_notes(in_process: Run, folder: Path) -> None:
    bake = BAKE.replace('context = "app"', 'context = "app"\n  args = { T = timestamp() }')
    (folder / "docker-bake.hcl").write_text(bake)
    done = in_process("render", "docker-bake.hcl", "app", "--since", "main", "-F", "text", cwd=folder)
    assert "target app: not known and taken as unchanged: args.T" in done.stdout.decode()
    assert "runs again" not in done.stdout.decode()


BASE = "FROM node AS deps\nRUN make deps\n"


def changed_images(run: Run, folder: Path, *words: str) -> dict[str, list[object]]:
    """Why the image of each affected target is another one: kinds, names and lines."""
    done = run("affected", *words, "-F", "json", cwd=folder)
    assert done.returncode == 0, done.stderr
    targets = json.loads(done.stdout)["targets"]
    return {
        one["name"]: [(change["kind"], change["names"], change["line"]) for change in one["image"]]
        for one in targets
        if one["affected"]
    }


@pytest.mark.parametrize(
    ("added", "name"),
    [
        ('CMD ["x"]', "CMD"),
        ("ENTRYPOINT x", "ENTRYPOINT"),
        ("LABEL a=b", "LABEL"),
        ("ENV A=b", "ENV"),
        ("USER x", "USER"),
        ("EXPOSE 80", "EXPOSE"),
        ("VOLUME /x", "VOLUME"),
        ("STOPSIGNAL 9", "STOPSIGNAL"),
        ("HEALTHCHECK NONE", "HEALTHCHECK"),
        ('SHELL ["x"]', "SHELL"),
        ("ONBUILD RUN x", "ONBUILD"),
        ("MAINTAINER x", "MAINTAINER"),
    ],
)
def test_a_target_whose_configuration_changed_is_built_though_all_is_cached(
    in_process: Run, folder: Path, added: str, name: str
) -> None:
    """BuildKit caches steps, not images."""
    (folder / "base/Dockerfile").write_text(f"{BASE}{added}\n")
    done = in_process("affected", "docker-bake.hcl", "base", "-F", "targets", cwd=folder)
    assert done.stdout == b"base\n"
    assert in_process("affected", "base", "--exit-code", cwd=folder).returncode == 1
    found = changed_images(in_process, folder, "base/Dockerfile")
    assert found == {"base/Dockerfile": [("configuration", [name], 3)]}


def test_a_changed_image_is_shown_in_text_and_markdown(in_process: Run, folder: Path) -> None:
    (folder / "base/Dockerfile").write_text(f"{BASE}CMD x\n")
    text = in_process("affected", "base", "--since", "main", cwd=folder).stdout.decode()
    assert text == (
        "Since main: all of 1 step cached, but the image changes\n"
        "\nThe image changes\n  line 3  CMD changed\n"
        "\nCached\n  line 2\n"
    )
    markdown = in_process("affected", "base", "-F", "markdown", cwd=folder).stdout.decode()
    assert "\n- the image changes: line 3 CMD changed\n" in markdown


@pytest.mark.parametrize(
    "text",
    [
        APP.replace("FROM nginx\n", "FROM nginx\n# a comment\n\n"),
        APP.replace("WORKDIR", "ENV A=b\nUSER x\nCMD x\nUSER root\nWORKDIR"),
    ],
    ids=["comment", "of a stage that the image does not inherit"],
)
def test_what_is_not_part_of_the_image_does_not_change_it(in_process: Run, folder: Path, text: str) -> None:
    (folder / "app/Dockerfile").write_text(text)
    for image in changed_images(in_process, folder, "app").values():
        assert image == []


def test_an_argument_in_a_label_changes_the_image(in_process: Run, folder: Path) -> None:
    (folder / "app/Dockerfile").write_text("FROM x\nRUN y\nARG COMMIT\nLABEL commit=$COMMIT\n")
    bake = 'target "app" {{\n  context = "app"\n  args = {{ COMMIT = "{}" }}\n}}\n'
    (folder / "docker-bake.hcl").write_text(bake.format(1))
    git(folder, "commit", "-qam", "label")
    (folder / "docker-bake.hcl").write_text(bake.format(2))
    assert changed_images(in_process, folder, "docker-bake.hcl", "app", "--since", "HEAD") == {
        "app": [("configuration", ["LABEL"], 4)]
    }


def test_a_removed_last_step_changes_the_image(in_process: Run, folder: Path) -> None:
    (folder / "web/Dockerfile").write_text("FROM base\nCOPY . /web\n")
    (folder / "web/.dockerignore").write_text("*\n!x\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "copy")
    (folder / "web/Dockerfile").write_text("FROM base\n")
    (name,) = changed_images(in_process, folder, "web", "--since", "HEAD").items()
    assert name[1] == [("layers", [], None)]


@pytest.mark.parametrize("attribute", ["tags", "labels", "platforms", "output", "annotations"])
def test_attributes_of_a_bake_file_change_the_image(in_process: Run, folder: Path, attribute: str) -> None:
    values = {"labels": '{ a = "b" }', "platforms": '["linux/amd64", "linux/arm64"]'}
    value = values.get(attribute, '["a=b"]')
    changed = BAKE.replace('context = "app"', f'\n  context = "app"\n  {attribute} = {value}\n')
    (folder / "docker-bake.hcl").write_text(changed)
    found = changed_images(in_process, folder, "docker-bake.hcl")
    assert list(found) == ["app"]
    assert ("export", [attribute], None) in found["app"]


def test_an_image_that_inherits_from_a_changed_one_changes(in_process: Run, folder: Path) -> None:
    (folder / "base/Dockerfile").write_text("FROM node AS deps\nRUN make deps\nENV A=b\n")
    found = changed_images(in_process, folder, "docker-bake.hcl")
    assert found["base"] == [("configuration", ["ENV"], 3)]
    assert ("base", ["base"], None) in found["web"]
    assert "app" not in found


def test_a_renamed_target_keeps_its_cache_and_is_built(in_process: Run, folder: Path) -> None:
    renamed = BAKE.replace('"app"]', '"new"]').replace('target "app"', 'target "new"')
    (folder / "docker-bake.hcl").write_text(renamed)
    text = in_process("affected", "docker-bake.hcl", cwd=folder).stdout.decode()
    assert "\nnew: all of 6 steps cached, but the image changes\n" in text
    assert "\nnote: new was app before\n" in text
    assert in_process("affected", "docker-bake.hcl", "-F", "targets", cwd=folder).stdout == b"new\n"


def test_a_new_target_without_steps_is_built(in_process: Run, folder: Path) -> None:
    (folder / "new").mkdir()
    (folder / "new/Dockerfile").write_text("FROM x\n")
    added = BAKE.replace('"app"]', '"app", "new"]') + 'target "new" { context = "new" }\n'
    (folder / "docker-bake.hcl").write_text(added)
    assert in_process("affected", "docker-bake.hcl", "-F", "targets", cwd=folder).stdout == b"new\n"


@pytest.mark.parametrize("path", ["docker-bake.hcl", "app/Dockerfile"])
def test_a_definition_that_is_named_as_changed_may_run_all(in_process: Run, folder: Path, path: str) -> None:
    """Only what it is now is known."""
    done = in_process("affected", "docker-bake.hcl", "--changed", path, "-F", "targets", cwd=folder)
    assert done.stdout.split() == ([b"app", b"base", b"web"] if path == "docker-bake.hcl" else [b"app"])
    text = in_process("affected", "docker-bake.hcl", "--changed", path, cwd=folder).stdout.decode()
    assert f"note: {path} changed, and what it was before is not known: use --since\n" in text


def test_a_changed_base_image_is_named_at_the_steps_on_it(in_process: Run, folder: Path) -> None:
    (folder / "app/Dockerfile").write_text(APP.replace("node:20", "node:22"))
    text = in_process("affected", "app", cwd=folder).stdout.decode()
    image = "docker.io/library/node"
    assert f"] WORKDIR /app\n      the image changed: {image}:20 → {image}:22\n" in text


@pytest.mark.parametrize(
    ("revision", "hint"),
    [
        ("0" * 40, "there was no commit before this push: compare with the default branch, without --since"),
        ("deadbeef" * 5, "a push may have replaced it: compare with the default branch, without --since"),
        ("gone", "use a commit, branch or tag of this repository"),
    ],
)
def test_a_commit_that_is_not_there_says_what_to_do(
    in_process: Run, folder: Path, revision: str, hint: str
) -> None:
    done = in_process("affected", "app", "--since", revision, cwd=folder)
    assert done.returncode == 1
    assert done.stderr.decode() == f"error: there is no revision `{revision}`\nhint: {hint}\n"


def test_another_name_of_the_last_commit_is_a_warning_if_nothing_changed(
    in_process: Run, folder: Path
) -> None:
    """As in a job after a push to the default branch, which then builds nothing."""
    warning = "warning: `main` is the last commit, so only what is not committed counts\n"
    said = {
        since: in_process("affected", "app", "--since", since, cwd=folder).stderr.decode()
        for since in ("main", "HEAD")
    }
    assert said["main"].startswith(warning)
    assert said["HEAD"] == ""
    (folder / "app/src/a.js").write_text("2\n")
    assert in_process("affected", "app", "--since", "main", cwd=folder).stderr == b""


def test_with_staged_the_bake_file_is_that_of_the_index(in_process: Run, folder: Path) -> None:
    app = 'target "app" {\n  context = "app"\n  tags = ["x"]\n}\n'
    changed = BAKE.replace('target "app" { context = "app" }\n', app)
    words = ("affected", "docker-bake.hcl", "--since", "HEAD", "--staged", "-F", "targets")
    (folder / "docker-bake.hcl").write_text(changed)
    assert in_process(*words, cwd=folder).stdout == b""
    git(folder, "add", "docker-bake.hcl")
    (folder / "docker-bake.hcl").write_text(BAKE)
    assert in_process(*words, cwd=folder).stdout == b"app\n"


def test_a_file_of_variables_that_git_ignores_is_the_same_before(in_process: Run, folder: Path) -> None:
    compose = "services:\n  app:\n    build:\n      context: base\n      args: {A: '$A'}\n"
    (folder / "base/Dockerfile").write_text("FROM x\nARG A\nRUN y\n")
    (folder / "compose.yaml").write_text(compose)
    (folder / ".gitignore").write_text(".env\n")
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", "compose")
    (folder / ".env").write_text("A=1\n")
    words = ("affected", "compose.yaml", "--since", "HEAD", "-F", "targets")
    assert in_process(*words, cwd=folder).stdout == b""
    assert in_process(*words, "--staged", cwd=folder).stdout == b""
    (folder / "compose.yaml").write_text(compose.replace("$A", "${A}2"))
    assert in_process(*words, cwd=folder).stdout == b"app\n"


def test_a_step_on_a_changed_named_context_names_it(in_process: Run, folder: Path) -> None:
    (folder / "base/Dockerfile").write_text("FROM node AS deps\nRUN make other\n")
    text = in_process("affected", "docker-bake.hcl", "web", cwd=folder).stdout.decode()
    assert "COPY . /web\n      the named context base may change\n" in text
