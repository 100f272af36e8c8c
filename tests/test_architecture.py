"""What docs/architecture.md says about modules, packages and the outside, held against the code."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from .conftest import ROOT

PACKAGE = ROOT / "stagegraph"
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
MODULES = {path.relative_to(PACKAGE).as_posix(): path for path in PACKAGE.rglob("*.py")}
_TOUCHES = {"open", "scandir", "stat", "mkstemp", "is_file", "is_dir", "exists", "iterdir", "rglob", "glob"}
_TOUCHES |= {"read_text", "read_bytes", "write_text", "write_bytes", "unlink", "run_check", "Popen", "fork"}
_OUTSIDE = {"subprocess", "multiprocessing", "tempfile", "concurrent"}


def _section(title: str) -> str:
    return re.split(r"^## ", PAGE.partition(f"\n## {title}\n")[2], flags=re.MULTILINE)[0]


def _rows(section: str) -> list[list[str]]:
    rows = [line.strip("|").split("|") for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in row] for row in rows[2:]]


def _names(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_module_that_the_page_names_exists() -> None:
    named = [name for name in _names(PAGE) if re.fullmatch(r"[\w/]+\.py", name)]
    assert len(named) > 30
    assert [name for name in named if name not in MODULES and not (ROOT / name).is_file()] == []


def test_every_package_and_top_module_has_its_row() -> None:
    rows = {name for row in _rows(_section("The flow")) for name in _names(row[0])}
    own = {f"{name.split('/')[0]}/" if "/" in name else name for name in MODULES}
    assert own - rows == {"__init__.py", "__main__.py", "version.py"}
    assert {name for name in rows if not (PACKAGE / name).exists()} == set()


def test_every_dependency_has_its_row() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = [one for name in ("pdf", "serve", "mkdocs") for one in project["optional-dependencies"][name]]
    wanted = {re.split(r"[<>=; ]", one)[0] for one in (*project["dependencies"], *extras)}
    rows = {name for row in _rows(_section("Dependencies")) for name in row[0].split(", ")}
    assert rows == wanted


def test_only_the_modules_of_the_table_touch_files_and_programs() -> None:
    section = _section("Where files are read and programs are run")
    listed = {name for row in _rows(section) for name in _names(row[0])}
    touching = {name for name, path in MODULES.items() if _touches(path)}
    assert touching - listed == set()
    assert {name for name in listed if name not in MODULES} == set()


def _touches(path: Path) -> bool:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call):
            function = node.func
            name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if name in _TOUCHES:
                return True
        elif isinstance(node, ast.Attribute) and node.attr in ("environ", "stdin"):
            return True
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module]
            if any(str(name).split(".")[0] in _OUTSIDE for name in names):
                return True
    return False


def test_the_page_names_the_functions_of_networkx_that_are_used() -> None:
    source = "".join(path.read_text("utf-8") for path in MODULES.values())
    functions = ["ancestors", "topological_generations", "find_cycle"]
    assert [name for name in functions if name not in PAGE or f"networkx.{name}(" not in source] == []
