"""The pre-commit hooks run when a page or a Dockerfile changes, and only then."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from stagegraph.embedding.paths import is_page, names_dockerfile

from .conftest import ROOT

HOOKS = {hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))}


@pytest.mark.parametrize("hook", ["stagegraph-embed", "stagegraph-embed-check"])
@pytest.mark.parametrize(
    ("name", "runs"),
    [
        ("README.md", True),
        ("docs/deep/x.MARKDOWN", True),
        ("Dockerfile", True),
        ("app/Dockerfile.dev", True),
        ("app/api.Dockerfile", True),
        ("Containerfile", True),
        ("dockerfile.md", True),
        ("Dockerfiles", False),
        ("mydockerfile", False),
        ("main.py", False),
        ("Dockerfile/x.txt", False),
        ("x.mdx", True),
    ],
)
def test_the_hooks_see_what_embed_sees(hook: str, name: str, runs: bool) -> None:
    assert bool(re.search(HOOKS[hook]["files"], name)) == runs
    assert (is_page(Path(name)) or names_dockerfile(name)) == runs


def test_one_hook_writes_and_the_other_checks() -> None:
    assert HOOKS["stagegraph-embed"]["entry"] == "stagegraph embed"
    assert HOOKS["stagegraph-embed-check"]["entry"] == "stagegraph embed --check --allow-empty"
    assert all(HOOKS[name]["require_serial"] for name in ("stagegraph-embed", "stagegraph-embed-check"))
