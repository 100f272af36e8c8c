"""The commands of docs/how-to-affected.md, with a docker that prints what it would build."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from .conftest import ROOT
from .test_affected import folder, git  # noqa: F401  # a fixture
from .tools import program

PAGE = (ROOT / "docs/how-to-affected.md").read_text("utf-8")
SCRIPTS = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
GITHUB, PUSH, GITLAB = (yaml.safe_load(text) for text in re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def repository(folder: Path) -> Path:  # noqa: F811
    """The repository of test_affected, as a clone in which origin/main is the commit before."""
    git(folder, "update-ref", "refs/remotes/origin/main", "main")
    return folder


def shell(script: str, where: Path, **environment: str) -> str:
    """What a script prints; stagegraph is this one, and docker prints its arguments."""
    tools = where.parent / f"{where.name}-tools"
    tools.mkdir(exist_ok=True)
    for name, text in (
        ("docker", '#!/bin/sh\necho docker "$@"\n'),
        ("stagegraph", f'#!/bin/sh\nexec {sys.executable} -m stagegraph "$@"\n'),
    ):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    done = subprocess.run(
        [program("bash"), "-ec", script],
        cwd=where,
        env=os.environ | {"PATH": f"{tools}:{os.environ['PATH']}"} | environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_shell_builds_only_what_changed(repository: Path) -> None:
    bake, one = SCRIPTS
    assert shell(bake, repository) == ""
    assert shell(one, repository).endswith("nothing to build\n")
    (repository / "web/x").write_text("2\n")
    assert shell(bake, repository) == "docker buildx bake web\n"
    (repository / "app/src/a.js").write_text("2\n")
    assert shell(one, repository).endswith("docker build app\n")


def test_an_error_stops_the_script_in_a_shell_without_e(repository: Path) -> None:
    """Nothing to build and an error print the same: nothing."""
    bake, _ = SCRIPTS
    with pytest.raises(AssertionError, match="there is no revision `origin/gone`"):
        shell(f"set +e\n{bake.replace('origin/main', 'origin/gone')}", repository)


def test_the_github_workflow_has_a_job_for_each_target(
    repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (repository / "app/src/a.js").write_text("2\n")
    out = tmp_path_factory.mktemp("job")
    (step,) = [one for one in GITHUB["jobs"]["plan"]["steps"] if one.get("id") == "affected"]
    shell(
        step["run"], repository, GITHUB_OUTPUT=str(out / "output"), GITHUB_STEP_SUMMARY=str(out / "summary")
    )
    name, _, value = (out / "output").read_text().partition("=")
    assert (name, json.loads(value)) == ("matrix", {"target": ["app"]})
    assert (out / "summary").read_text().startswith("## Since origin/main: 1 of ")


def test_the_gitlab_job_builds_only_what_changed(repository: Path) -> None:
    (repository / "app/src/a.js").write_text("2\n")
    script = "\n".join(GITLAB["build"]["script"])
    assert shell(script, repository, CI_DEFAULT_BRANCH="main") == "docker buildx bake app\n"


def test_a_push_to_the_default_branch_is_compared_with_the_commit_before_it(repository: Path) -> None:
    (step,) = [one for one in PUSH["jobs"]["build"]["steps"] if "BEFORE" in one.get("env", {})]
    before = git(repository, "rev-parse", "HEAD")
    (repository / "web/x").write_text("2\n")
    git(repository, "commit", "-q", "-a", "-m", "pushed")
    git(repository, "update-ref", "refs/remotes/origin/main", "HEAD")
    assert shell(step["run"], repository, BEFORE=before) == "docker buildx bake web\n"
    assert shell(step["run"], repository, BEFORE="0" * 40) == "docker buildx bake default\n"
    head = git(repository, "rev-parse", "HEAD")
    assert shell(step["run"], repository, BEFORE=head) == ""
