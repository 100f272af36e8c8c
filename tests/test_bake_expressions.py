"""The expressions of bake files: HCL syntax, operators, functions, conversions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagegraph.bake.hcl_body import parse_hcl
from stagegraph.bake.overrides import path_match
from stagegraph.bake.printing import printed
from stagegraph.bake.reading import read_bake
from stagegraph.errors import BakeError

from .bake_projects import write


def _argument(tmp_path: Path, expression: str, head: str = "") -> Any:
    write(tmp_path, {"docker-bake.hcl": f'{head}\ntarget "t" {{\n  args = {{ A = {expression} }}\n}}\n'})
    target = read_bake(targets=["t"], directory=str(tmp_path)).target("t")
    assert target is not None
    return target.args.get("A", "unknown" if "args.A" in target.unknown else None)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", "7"),
        ("(1 + 2) * 3", "9"),
        ("10 - 2 - 3", "5"),
        ("- -1", "1"),
        ("1 / 3 * 3", "1"),
        ("0.1 + 0.2", "0.3"),
        ("7 % -3", "1"),
        ("1e3", "1000"),
        ("true && !false || false", "true"),
        ('"a" == "a" ? 1 : 2', "1"),
        ('1 == "1"', "false"),
        ('[1, 2] == split(",", "1,2")', "false"),
        ('true ? "a" : 1', "a"),
        ("false ? nope : 2", "2"),
        ('"$${x} %%{y} $ %"', "${x} %{y} $ %"),
        (r'"\u00e9\n\t\"\\"', 'é\n\t"\\'),
        ('"${1}${true}"', "1true"),
        ('"a%{ if 1 > 2 }x%{ else }y%{ endif }b"', "ayb"),
        ('"%{ for i, v in ["a", "b"] }${i}${v}%{ endfor }"', "0a1b"),
        ('"[ ${~ "x" ~} ]"', "[x]"),
        ("<<E\na\n  b\nE\n", "a\n  b\n"),
        ("<<-E\n    a\n      b\n  E\n", "a\n  b\n"),
        ("{ a = 1, b : 2 }.b", "2"),
        ('{ "x.y" = 1 }["x.y"]', "1"),
        ("[1, 2, 3][1]", "2"),
        ("[[1], [2]].1.0", "2"),
        ('join(",", [{ a = "x" }, { a = "y" }][*].a)', "x,y"),
        ('join(",", [{ a = "x" }, { a = "y" }].*.a)', "x,y"),
        ('join(",", [for x in [3, 1] : x + 1 if x > 1])', "4"),
        ("jsonencode({ for k, v in { a = 1, b = 1 } : v => k... })", '{"1":["a","b"]}'),
        ("max([1, 5, 3]...)", "5"),
        ('try(nope.x, upper("y"))', "Y"),
        ("can(1 / 0)", "false"),
        ('convert("5", number) + 1', "6"),
        ('join(",", convert(["b", "a", "b"], set(string)))', "a,b"),
        ('replace("a.b.c", ".", "-")', "a-b-c"),
        ('regex_replace("v1.2", "v([0-9]+)", "$1-")', "1-.2"),
        (r'regex("(\\d+)-(\\w+)", "12-ab")[1]', "ab"),
        ('join("|", regexall("[a-z]+", "ab1cd"))', "ab|cd"),
        ('format("%-4s|%4d|%05.1f|%x|%q|%v", "a", 7, 1.25, 255, "q", [1])', 'a   |   7|001.2|ff|"q"|[1]'),
        ('join(",", formatlist("%s-%d", ["a", "b"], 1))', "a-1,b-1"),
        ('title("hello big-world")', "Hello Big-World"),
        ('substr("héllo", 1, 3)', "éll"),
        ('cidrsubnet("10.0.0.0/16", 8, 2)', "10.0.2.0/24"),
        ('semvercmp("1.2.3", ">=1.0, <2")', "true"),
        ('semvercmp("1.2.3-rc.1", "^1.2")', "false"),
        ('formatdate("DD MMM YYYY hh:mm", "2024-02-03T04:05:06Z")', "03 Feb 2024 04:05"),
        ('timeadd("2024-01-01T00:00:00Z", "-1h30m")', "2023-12-31T22:30:00Z"),
        ('uuidv5("dns", "example.com")', "cfbff0d1-9375-5685-968c-48ce8b15ae17"),
        ('join(",", keys(merge({ b = 1 }, { a = 2 })))', "a,b"),
        ('join(",", range(0, 6, 2))', "0,2,4"),
        ('join(",", setunion(["b"], ["a", "b"]))', "a,b"),
        ('parseint("ff", 16) + signum(-3)', "254"),
        ('csvdecode("a,b\\n1,2")[0].b', "2"),
        ("BAKE_CMD_CONTEXT", "cwd://"),
        ("timestamp()", "unknown"),
        ('"x-${uuidv4()}"', "unknown"),
        ("can(timestamp()) ? 1 : 2", "unknown"),
        ("homedir()", "unknown"),
        ("null", None),
    ],
)
def test_value_of_an_expression(tmp_path: Path, expression: str, value: str | None) -> None:
    assert _argument(tmp_path, expression) == value


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("nope", "there is no variable named nope"),
        ("nope()", "unknown function nope"),
        ("upper()", "upper() takes 1 argument, not 0"),
        ("upper(null)", "an argument of upper() is null"),
        ("1 / 0", "division by zero"),
        ('"a" + 1', "a number is required"),
        ('"${null}"', "a null value cannot be part of a string"),
        ('"a${[1]}"', "a string is required, not a tuple"),
        ("[1][1]", "there is no element 1: the list has 1"),
        ("{ a = 1 }.b", "this value has no attribute `b`"),
        ("true ? 1 : true", "the two results of a conditional have different types: bool and number"),
        ('"\\q"', "invalid escape sequence \\q"),
        ('{ for k in [1, 2] : "x" => k }', "two elements have the key x; use `...` to group them"),
        ('semvercmp("x", ">=1")', "semvercmp(): x is not a version"),
        ('convert("x", number)', "a number is required"),
        ("target.nope.args", "there is no target named nope"),
    ],
)
def test_error_of_an_expression_points_at_it(tmp_path: Path, expression: str, message: str) -> None:
    with pytest.raises(BakeError) as caught:
        _argument(tmp_path, expression)
    assert caught.value.message == message
    assert caught.value.line == 3


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("a = 1 b = 2\n", 1, "expected a line end here"),
        ("a = 1\na = 2\n", 2, "`a` is already set in line 1"),
        ('a = "x\n', 1, 'missing `"` at the end of a string'),
        ("a = [1,\n", 2, "missing `]`: the file ends here"),
        ('t "x" {\n', 1, "the block t has no `}`: the file ends here"),
        ("a = {\n  b.c = 1\n}\n", 2, "ambiguous key with a dot"),
        ("a = <<E\nx\n", 1, "this heredoc has no line that is only E"),
        ('a = "%{ if true }x"\n', 1, "`%{ if }` has no endif"),
        ("}\n", 1, "unexpected `}`"),
        ("a = true ||\n  false\n", 1, "expected an expression"),
    ],
)
def test_syntax_error_has_its_line(text: str, line: int, message: str) -> None:
    with pytest.raises(BakeError) as caught:
        parse_hcl("f.hcl", text)
    assert (caught.value.line, caught.value.message) == (line, message)


def test_whole_error_shows_file_line_and_caret(tmp_path: Path) -> None:
    write(tmp_path, {"docker-bake.hcl": 'target "a" {\n  tags = "x"\n}\n'})
    with pytest.raises(BakeError) as caught:
        read_bake(targets=["a"], directory=str(tmp_path))
    assert str(caught.value) == (
        'docker-bake.hcl:2:10: tags must be a list of strings\n    2 |   tags = "x"\n      |          ^~~'
    )


def test_comments_and_line_ends_inside_brackets_are_white_space(tmp_path: Path) -> None:
    assert _argument(tmp_path, 'join(\n # c\n ",", // d\n [\n 1, /* e */ 2\n ]\n)') == "1,2"


def test_own_functions_see_globals_but_not_the_matrix(tmp_path: Path) -> None:
    body = 'params = [a]\n  variadic_params = rest\n  result = "${x}${a}${length(rest)}"'
    head = f'x = "g"\nfunction "f" {{\n  {body}\n}}\n'
    assert _argument(tmp_path, 'f("b", 1, 2)', head) == "gb2"


@pytest.mark.parametrize(
    ("head", "message"),
    [
        ('function "f" {\n  params = [x]\n  result = f(x)\n}', "the function f calls itself"),
        ('function "f" {\n  params = [x]\n  result = y\n}', "there is no variable named y"),
        ('function "f" {\n  params = [x]\n}', "the function f has no result"),
        ("v = w\nw = v", "the variable v depends on itself"),
        (
            'variable "v" { type = sting }',
            "not a type: use string, number, bool, any, list(), set(), map(), object() or tuple()",
        ),
    ],
)
def test_definitions_are_checked_even_if_unused(tmp_path: Path, head: str, message: str) -> None:
    with pytest.raises(BakeError) as caught:
        _argument(tmp_path, "1", head)
    assert caught.value.message == message


@pytest.mark.parametrize(
    ("declaration", "environment", "value"),
    [
        ('default = "a"', {"V": "b"}, "b"),
        ("default = 1", {"V": "2.50"}, "2.5"),
        ("default = false", {"V": "T"}, "true"),
        ("", {}, ""),
        ("type = string", {}, None),
        ("type = number", {"V": "07"}, "7"),
        ("type = list(number)", {"V": "1,2"}, "[1,2]"),
        ("type = map(string)", {"V_JSON": '{"a":1}'}, '{"a":"1"}'),
        ("type = object({ a = number, b = optional(string) })", {"V_JSON": '{"a":1}'}, '{"a":1,"b":null}'),
        ('default = "a"', {"V_JSON": '"b"'}, "a"),
    ],
)
def test_environment_overrides_variables(
    tmp_path: Path, declaration: str, environment: dict[str, str], value: str | None
) -> None:
    shown = "jsonencode(V)" if value and value[0] in "[{" else "V"
    text = f'variable "V" {{\n  {declaration}\n}}\ntarget "t" {{\n  args = {{ A = {shown} }}\n}}\n'
    write(tmp_path, {"docker-bake.hcl": text})
    target = read_bake(targets=["t"], environment=environment, directory=str(tmp_path)).target("t")
    assert target is not None
    assert target.args.get("A") == value


def test_a_field_that_depends_on_the_time_is_unknown_and_others_are_known(tmp_path: Path) -> None:
    fields = 'args = { A = "1", D = timestamp() }\n  tags = ["x:${timestamp()}"]\n  target = "a"'
    write(tmp_path, {"docker-bake.hcl": f'target "t" {{\n  {fields}\n}}\n'})
    bake = read_bake(targets=["t"], directory=str(tmp_path))
    assert bake.targets[0].unknown == {"args.D", "tags"}
    assert printed(bake)["target"]["t"] == {
        "args": {"A": "1"},
        "context": ".",
        "dockerfile": "Dockerfile",
        "target": "a",
    }


@pytest.mark.parametrize(
    ("pattern", "name", "matches"),
    [
        ("a*", "ab", True),
        ("a?", "ab", True),
        ("a?", "a", False),
        ("[a-c]x", "bx", True),
        ("[^a]x", "ax", False),
        ("[", "[", False),
    ],
)
def test_patterns_are_those_of_go(pattern: str, name: str, matches: bool) -> None:
    assert path_match(pattern, name) is matches
