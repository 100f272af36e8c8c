"""Bake and compose files that would take too much time or memory end with one clear error."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagegraph.bake.printing import printed
from stagegraph.bake.reading import read_bake
from stagegraph.errors import StagegraphError

from .bake_projects import projects, write

_TARGET = 'target "a" {}\n'
_HCL = {
    "matrix": 'target "a" {\n name = "a-${x}-${y}"\n matrix = { x = range(1000), y = range(1000) }\n}\n',
    "parentheses": f"x = {'(' * 5000}1{')' * 5000}\n",
    "interpolations": 'x = "${' + '"${' * 3000,
    "blocks": "a {" * 5000,
    "string": 'v0 = "aaaaaaaaaa"\n' + "".join(f'v{n} = "${{v{n - 1}}}${{v{n - 1}}}"\n' for n in range(1, 60)),
    "lists": 'v0 = ["a"]\n' + "".join(f"v{n} = [v{n - 1}, v{n - 1}]\n" for n in range(1, 60)),
    "loops": "x = [for a in range(1000) : [for b in range(1000) : [for c in range(1000) : 1]]]\n",
    "numbers": "v0 = 99999999999\n" + "".join(f"v{n} = v{n - 1} * v{n - 1}\n" for n in range(1, 60)),
    "width": 'x = format("%999999999d", 1)\n',
    "power": "x = pow(10, 1000000000)\n",
    "variables": "".join(f"v{n} = v{n + 1}\n" for n in range(3000)) + "v3000 = 1\n",
    "functions": 'function "f0" {\n params = [x]\n result = x\n}\n'
    + "".join(f'function "f{n}" {{\n params = [x]\n result = f{n - 1}(x)\n}}\n' for n in range(1, 2000))
    + "x = f1999(1)\n",
    "inherits": "".join(f'target "t{n}" {{ inherits = ["t{n + 1}"] }}\n' for n in range(3000))
    + 'target "t3000" {}\ngroup "a" { targets = ["t0"] }\n',
    "contexts": "".join(f'target "t{n}" {{ contexts = {{ x = "target:t{n + 1}" }} }}\n' for n in range(3000))
    + 'target "t3000" {}\ngroup "a" { targets = ["t0"] }\n',
}
_YAML = {
    "size": "services:\n" + "  a: {build: .}\n" * 400_000,
    "events": "services:\n" + "".join(f"  s{n}:\n    build: .\n" for n in range(100_000)),
    "aliases": "x0: &x0 [a, a, a]\n"
    + "".join(f"x{n}: &x{n} [*x{n - 1}, *x{n - 1}, *x{n - 1}]\n" for n in range(1, 40))
    + "services: {a: {build: .}}\n",
    "itself": "a: &a [*a]\nservices: {}\n",
    "nesting": f"a: {'[' * 100_000}",
    "extends": "services:\n"
    + "".join(f"  s{n}: {{extends: s{n + 1}}}\n" for n in range(500))
    + "  s500: {build: .}\n",
    "cycle": "services:\n  a: {extends: b}\n  b: {extends: a}\n",
    "include": "include: [compose.yaml]\nservices: {a: {build: .}}\n",
    "variables": 'services:\n  a:\n    build: {target: "' + "${A}" * 20_000 + '"}\n',
    "braces": 'services:\n  a:\n    build: {target: "' + "${A:-" * 3_000 + '"}\n',
    "reset": "services:\n  a: {build: {target: !reset [}}\n",
}


def _fails(directory: Path, name: str, text: str) -> StagegraphError:
    write(directory, {name: text})
    start = time.monotonic()
    with pytest.raises(StagegraphError) as caught:
        read_bake(targets=["a"], environment={"A": "x" * 10_000}, directory=str(directory))
    assert time.monotonic() - start < 10  # about one second on a machine without other work
    assert "\n" not in caught.value.message
    return caught.value


@pytest.mark.parametrize("name", _HCL)
def test_too_much_work_in_a_bake_file_is_an_error_with_its_line(name: str, tmp_path: Path) -> None:
    error = _fails(tmp_path, "docker-bake.hcl", _HCL[name] + ("" if "target" in _HCL[name] else _TARGET))
    assert error.line is not None


@pytest.mark.parametrize("name", _YAML)
def test_too_much_work_in_a_compose_file_is_an_error_with_its_file(name: str, tmp_path: Path) -> None:
    error = _fails(tmp_path, "compose.yaml", _YAML[name])
    assert error.source is not None
    assert error.source.name == "compose.yaml"
    assert error.line is not None or name == "size"


def test_a_pattern_that_could_take_exponential_time_is_not_run(tmp_path: Path) -> None:
    costly, cheap = f'can(regex("^(a|a)*$", "{"a" * 60}!"))', 'can(regex("^a+$", "aa"))'
    text = f'target "a" {{\n  args = {{ A = {costly}, B = {cheap} }}\n}}\n'
    write(tmp_path, {"docker-bake.hcl": text})
    target = read_bake(targets=["a"], directory=str(tmp_path)).targets[0]
    assert target.unknown == {"args.A"}
    assert target.args == {"B": "true"}


def test_many_parents_in_common_cost_little(tmp_path: Path) -> None:
    body = 'inherits = ["t{0}", "t{1}"]\n contexts = {{ a = "target:t{0}", b = "target:t{1}" }}'
    text = 'target "t0" {}\ntarget "t1" {}\n'
    text += "".join(f'target "t{n}" {{\n {body.format(n - 1, n - 2)}\n}}\n' for n in range(2, 100))
    write(tmp_path, {"docker-bake.hcl": text})
    assert len(read_bake(targets=["t99"], directory=str(tmp_path)).targets) == 100


def test_two_thousand_targets_are_read_soon(tmp_path: Path) -> None:
    text = "".join(f'target "t{n}" {{\n tags = ["x:{n}"]\n args = {{ A = "b" }}\n}}\n' for n in range(2000))
    write(tmp_path, {"docker-bake.hcl": text})
    start = time.monotonic()
    assert len(read_bake(targets=["t*"], directory=str(tmp_path)).targets) == 2000
    assert time.monotonic() - start < 2


_SOURCES = sorted(
    {text for one in projects() for name, text in one["files"].items() if "ockerfile" not in name}
)
_FILLINGS = ['"', "${", "%{", "{", "}", "[", "<<-A\n", "~}", "*a", "!reset ", "$"]
_NAMES = ["docker-bake.hcl", "docker-bake.json", "compose.yaml", "Bakefile"]


@given(data=st.data())
def test_any_change_of_a_file_gives_a_result_or_one_error(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    directory = tmp_path_factory.mktemp("fuzz")
    text = data.draw(st.sampled_from(_SOURCES))
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 20)))
    filling = data.draw(st.text(max_size=4) | st.sampled_from(_FILLINGS))
    name = data.draw(st.sampled_from(_NAMES))
    text = (text[:start] + filling + text[end:]).encode("utf-8", "replace").decode()
    write(directory, {name: text})
    with suppress(StagegraphError):
        printed(read_bake([name], ["*"], environment={}, directory=str(directory)))
