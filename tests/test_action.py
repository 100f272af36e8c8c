"""The GitHub Action: valid, and its steps do in a faked runner what they are there for."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from .conftest import ROOT
from .tools import need, program

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text("utf-8"))
DEAD = "FROM a\nRUN x\n\nFROM b\n"
_EXPRESSION = re.compile(r"\$\{\{\s*([\w.-]+)\s*\}\}")
_WORKFLOW = re.compile(r"```yaml\n(# \.github/workflows/.*?)```", re.DOTALL)


class Runner:
    """What of GitHub's runner the steps need: a workspace, inputs, outputs, and bash as it calls it."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "work"
        self.temp = folder / "temp"
        self.summary = folder / "summary.md"
        self.known: dict[str, str] = {
            "github.action_path": str(ROOT),
            "steps.python.outputs.python-path": sys.executable,
        }
        for made in (self.workspace, self.temp):
            made.mkdir()

    def run(self, step: str, **inputs: str) -> subprocess.CompletedProcess[str]:
        """Run one step; what it says of outputs is known to the next one."""
        known = {**self.known, **{f"inputs.{key.replace('_', '-')}": value for key, value in inputs.items()}}
        for name, declared in ACTION["inputs"].items():
            known.setdefault(f"inputs.{name}", declared["default"])
        (found,) = [one for one in ACTION["runs"]["steps"] if step in (one.get("id"), one.get("name"))]
        output = self.temp / "output"
        output.write_text("")
        env = {name: filled(value, known) for name, value in found["env"].items()}
        done = subprocess.run(
            [program("bash"), "--noprofile", "--norc", "-eo", "pipefail", "-c", found["run"]],
            cwd=self.workspace,
            env={**os.environ, **self._variables(output), **env},
            capture_output=True,
            text=True,
            check=False,
        )
        for line in output.read_text().splitlines():
            name, _, value = line.partition("=")
            self.known[f"steps.{found.get('id')}.outputs.{name}"] = value
        return done

    def _variables(self, output: Path) -> dict[str, str]:
        return {
            "GITHUB_OUTPUT": str(output),
            "GITHUB_STEP_SUMMARY": str(self.summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temp),
        }


def filled(text: str, known: Mapping[str, str]) -> str:
    """The expressions of a step; one that is not known is a mistake in action.yml."""
    return _EXPRESSION.sub(lambda match: known[match[1]], text)


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    found = Runner(tmp_path)
    found.known["steps.install.outputs.python"] = sys.executable
    (found.workspace / ".git").mkdir()
    return found


def valid(schema: str, path: Path) -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_action_is_valid() -> None:
    valid("vendor.github-actions", ROOT / "action.yml")


def test_the_workflows_of_the_documentation_are_valid(tmp_path: Path) -> None:
    found = _WORKFLOW.findall((ROOT / "docs" / "github-action.md").read_text("utf-8"))
    assert len(found) >= 2
    for number, text in enumerate(found):
        path = tmp_path / f"{number}.yml"
        path.write_text(text)
        valid("vendor.github-workflows", path)


def test_the_documentation_names_every_input() -> None:
    page = (ROOT / "docs" / "github-action.md").read_text("utf-8")
    rows = re.findall(r"^\| `([\w-]+)` \| `?([^|`]*)`? \|", page, re.MULTILINE)
    assert dict(rows) == {name: declared["default"] or "none" for name, declared in ACTION["inputs"].items()}


def test_no_input_is_written_into_a_script() -> None:
    assert not [step for step in ACTION["runs"]["steps"] if "${{" in step.get("run", "")]


def test_install_makes_a_python_of_its_own(tmp_path: Path) -> None:
    runner = Runner(tmp_path)
    done = runner.run("install")
    if done.returncode and "No matching distribution" in done.stderr:
        need(None, "a package index")
    assert done.returncode == 0, done.stderr
    python = runner.known["steps.install.outputs.python"]
    assert Path(python).is_relative_to(runner.temp)
    rules = subprocess.run(
        [python, "-m", "stagegraph", "check", "--explain", "dead-stage"], capture_output=True
    )
    assert rules.stdout.startswith(b"## dead-stage\n\n*Warning.*")


def test_check_annotates_and_leaves_sarif_and_a_summary(runner: Runner) -> None:
    (runner.workspace / "Dockerfile").write_text(DEAD)
    done = runner.run("check")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("::warning file=Dockerfile,line=1,endLine=1,title=dead-stage::nothing can")
    log = json.loads(Path(runner.known["steps.check.outputs.sarif-file"]).read_text())
    assert [one["ruleId"] for one in log["runs"][0]["results"]] == ["dead-stage"]
    assert "1 file checked: 1 warning" in runner.summary.read_text()
    assert runner.run("Pass or fail").returncode == 1


def test_check_passes_where_nothing_is_found(runner: Runner) -> None:
    (runner.workspace / "Dockerfile").write_text("FROM b\n")
    assert runner.run("check").stdout == ""
    assert runner.run("Pass or fail").returncode == 0


def test_check_takes_paths_and_options_line_by_line(runner: Runner) -> None:
    for name in ("a b", "c", "d"):
        (runner.workspace / name).mkdir()
        (runner.workspace / name / "Dockerfile").write_text(DEAD)
    done = runner.run(
        "check", paths="a b\nc\n", options="--ignore=dead-stage\n\n--no-discover", fail_on="info"
    )
    assert (done.returncode, done.stdout) == (0, "")
    assert runner.known["steps.check.outputs.exit-code"] == "0"
    assert runner.run("check", paths="a b\nc", fail_on="error").stdout.count("::warning file=") == 2
    assert runner.known["steps.check.outputs.exit-code"] == "0"


def test_wrong_options_fail_at_once(runner: Runner) -> None:
    done = runner.run("check", options="--select=nope")
    assert done.returncode == 2
    assert "unknown rule `nope`" in done.stderr


def test_paths_are_never_commands(runner: Runner) -> None:
    done = runner.run("check", paths='$(touch pwned); "\n--version\n`touch pwned`')
    assert not (runner.workspace / "pwned").exists()
    assert '::error file=$(touch pwned); "' in done.stdout


def test_embed_check_fails_for_an_old_graph_with_an_annotation(runner: Runner) -> None:
    (runner.workspace / "Dockerfile").write_text("FROM b\n")
    page = runner.workspace / "README.md"
    page.write_text("# x\n\n<!-- stagegraph: Dockerfile -->\n<!-- /stagegraph -->\n")
    done = runner.run("embed", embed_check="README.md")
    assert done.returncode == 1
    assert "::error title=stagegraph::Build graphs in pages are out of date" in done.stdout
    subprocess.run([sys.executable, "-m", "stagegraph", "embed", str(page)], check=True, capture_output=True)
    assert runner.run("embed", embed_check="README.md").returncode == 0


def test_embed_check_does_not_call_a_missing_page_old(runner: Runner) -> None:
    done = runner.run("embed", embed_check="MISSING.md")
    assert done.returncode == 1
    assert "::error title=stagegraph::Build graphs in pages cannot be checked" in done.stdout
    assert "MISSING.md: No such file or directory" in done.stderr


def test_no_module_of_the_checkout_is_imported(runner: Runner, tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    for name in ("click", "stagegraph", "venv", "pip", "json"):
        (runner.workspace / f"{name}.py").write_text(f"open({str(marker)!r}, 'w')\n")
    (runner.workspace / "Dockerfile").write_text(DEAD)
    assert runner.run("check").returncode == 0
    assert runner.known["steps.check.outputs.exit-code"] == "1"
    assert not marker.exists()
    scripts = "".join(step.get("run", "") for step in ACTION["runs"]["steps"])
    assert re.findall(r'"\$(?:PYTHON|program)" -(?!I )', scripts) == []
