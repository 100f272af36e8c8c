"""Expressions of HCL as bake works them out, and UNKNOWN where it would need to know more."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagegraph.discovery.hcl_expression import Scope, evaluate, scope_of
from stagegraph.discovery.hcl_file import HclError, parse_expression, read_hcl, read_json
from stagegraph.discovery.hcl_functions import UNKNOWN, Limits, is_known

from .strategies import examples

VALUES: dict[str, Any] = {
    "a": "x",
    "n": None,
    "yes": True,
    "list": ["p", "q"],
    "item": {"name": "lint", "tags": ["t"]},
    "u": UNKNOWN,
}


def expression(text: str, scope: Scope | None = None) -> Any:
    """The value of an expression; UNKNOWN where it is not valid."""
    try:
        return evaluate(parse_expression(text), scope or Scope(values=VALUES))
    except HclError:
        return UNKNOWN


def template(text: str) -> Any:
    """The value of a template without quotes, as in JSON and in heredocs."""
    return evaluate(text, Scope(values=VALUES))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 + 2 * 3", 7),
        ("(1 + 2) * 3 == 9", True),
        ("-1 < 2 && !false", True),
        ("7 / 2", 3.5),
        ("7 % 4", 3),
        ('a == "x" ? "yes" : "no"', "yes"),
        ("n == null ? [] : [n]", []),
        ("item.name", "lint"),
        ("item.tags[0]", "t"),
        ('item["name"]', "lint"),
        ("list[1]", "q"),
        ('[for one in list : "${one}!" if one != "p"]', ["q!"]),
        ("[for i, one in list : i]", [0, 1]),
        ('{ (a) = 1, "b" : 2, c = 3 }', {"x": 1, "b": 2, "c": 3}),
        ('replace("1.2", ".", "-")', "1-2"),
        ('concat(list, ["r"])', ["p", "q", "r"]),
        ('coalesce("", "b")', "b"),
        ('join("-", list)', "p-q"),
        ('md5("x")', "9dd4e461268c8034f5c8564e155c67a6"),
        ('lookup(item, "nope", "d")', "d"),
        ("u ? 1 : 1", 1),
        ("u && false", False),
        ("u || true", True),
    ],
)
def test_expressions(text: str, value: object) -> None:
    assert expression(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "u",
        "nope",
        "u + 1",
        "u ? 1 : 2",
        "u && true",
        "u.name",
        "list[7]",
        "timestamp()",
        "upper(u)",
        "upper(1, 2)",
        "1 / 0",
        '1 + "x"',
        "f(list...)",
        "{ (u) = 1 }",
        "[for one in u : one]",
        "[for a in list : [for b in list : b]]",
        "1 +",
        '"open',
        "1e999",
        "9" * 5000,
        "(" * 500,
        "!" * 500 + "true",
        'replace("' + "a" * 1000 + '", "a", "' + "b" * 1000 + '")',
    ],
)
def test_what_is_not_known(text: str) -> None:
    assert expression(text) is UNKNOWN


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x-${a}-${1 + 1}", "x-x-2"),
        ("${list}", ["p", "q"]),
        ("$${a}", "${a}"),
        ("%%{if}", "%{if}"),
        ('${a == "x" ? "${a}${a}" : "}"}', "xx"),
        (r"a\"b\n", 'a"b\n'),
        ("${yes}", True),
        ("is ${yes}", "is true"),
        ("${item.name}-${item.tags[0]}", "lint-t"),
        ("", ""),
    ],
)
def test_templates(text: str, value: object) -> None:
    assert expression(f'"{text}"') == value
    if "\\" not in text:
        assert template(text) == value


def test_a_template_without_quotes_has_no_escapes() -> None:
    assert template(r'"a\n" ${a}') == r'"a\n" x'


@pytest.mark.parametrize(
    "text", ["${u}", "x${n}", "%{ if a }x%{ endif }", "${", "${a", "${~ a ~}", "${1\ny = 2}", "$${${a}"]
)
def test_templates_that_are_not_known(text: str) -> None:
    assert expression(f'"{text}"') is UNKNOWN
    if not text.startswith("$$"):
        assert template(text) is UNKNOWN


def test_a_template_without_quotes_may_escape_before_an_interpolation() -> None:
    assert template("$${${a}") == "${x"


def scope(text: str) -> Scope:
    return scope_of(read_hcl(dedent(text)))


def variables(text: str) -> Mapping[str, Any]:
    return scope(text).values


def test_variables_may_need_each_other_in_any_order() -> None:
    values = variables(
        """\
        variable "A" { default = "${B}-a" }
        variable "B" { default = C != "" ? C : "none" }
        variable "C" { default = "" }
        D = "top-${A}"
        """
    )
    assert (values["A"], values["B"], values["D"]) == ("none-a", "none", "top-none-a")


def test_a_variable_without_default_is_not_known() -> None:
    assert variables('variable "A" {}\n')["A"] is UNKNOWN


def test_variables_in_a_circle_are_not_known() -> None:
    values = variables('variable "A" { default = "${B}" }\nvariable "B" { default = "${A}" }\n')
    assert values["A"] is UNKNOWN


def test_functions_of_the_file() -> None:
    text = """\
    variable "DESTDIR" { default = "" }
    function "bindir" {
      params = [default]
      result = DESTDIR != "" ? DESTDIR : "./bin/${default}"
    }
    function "all" {
      params = [first]
      variadic_params = rest
      result = concat([first], rest)
    }
    """
    assert expression('bindir("x")', scope(text)) == "./bin/x"
    assert expression('all("x", "y")', scope(text)) == ["x", "y"]
    assert expression("bindir()", scope(text)) is UNKNOWN


def test_a_function_that_calls_itself_ends() -> None:
    text = 'function "f" {\n params = [x]\n result = [f(x), f(x), f(x)]\n}\n'
    assert isinstance(expression("f(1)", scope(text)), list | type(UNKNOWN))


def test_values_that_double_each_other_end() -> None:
    lines = ['variable "A0" { default = ["x"] }', 'variable "B0" { default = "xx" }']
    for i in range(1, 60):
        lines.append(f'variable "A{i}" {{ default = [A{i - 1}, A{i - 1}] }}')
        lines.append(f'variable "B{i}" {{ default = "${{B{i - 1}}}${{B{i - 1}}}" }}')
    values = variables("\n".join(lines))
    assert not is_known(values["A59"])
    assert values["B59"] is UNKNOWN


def test_heredocs() -> None:
    text = 'target "a" {\n  x = <<-EOT\n    one ${V}\n     two\n    EOT\n}\n'
    node = read_hcl(text).of_type("target")["a"].attributes["x"]
    assert evaluate(node, Scope(values={"V": "1"})) == "one 1\n two"


def test_each_block_has_the_line_of_its_type() -> None:
    text = """\
    # target "a" in a comment
    /* target "a" {
    } */ group "a" { targets = ["a"] }
    x = <<EOT
    target "a" {
    EOT
    target a {
      args = { target = "b" }
    }
    target "b" {}
    target "a" { context = "c" }
    """
    file = read_hcl(dedent(text))
    assert {label: block.line for label, block in file.of_type("target").items()} == {"a": 7, "b": 10}
    assert file.of_type("target")["a"].attributes.keys() == {"args", "context"}
    assert file.of_type("group")["a"].line == 3


def test_each_block_of_json_has_the_line_of_its_key() -> None:
    text = """\
    {"group": {"a":
        {"targets": ["target", "a"]}},
     "note": "\\"a\\": {",
     "target" :
     {
     \t"x": 1,
       "b\\u0020": {"args": {"a": "}"}}, "c": {},
       "a":

       {"context": "\\n"}
     }
    }
    """
    file = read_json(dedent(text))
    assert {label: block.line for label, block in file.of_type("target").items()} == {
        "b ": 7,
        "c": 7,
        "a": 10,
    }
    assert file.of_type("group")["a"].line == 2


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"target": {"a": {}}', '{"target": {"a": {}}} x', "[" * 9999]
)
def test_what_is_not_a_json_bake_file(text: str) -> None:
    with pytest.raises(HclError):
        read_json(text)


def test_evaluating_ends_after_a_number_of_steps() -> None:
    scope = Scope(values=VALUES, limits=Limits(steps=1_000))
    loop = f"[for x in list : [{', '.join(['x'] * 300)}]]"
    assert evaluate(parse_expression(loop), scope) is UNKNOWN
    assert evaluate(parse_expression("1"), scope) is UNKNOWN


@examples(2)
@given(st.text(alphabet=st.sampled_from('ab1"${}()[]:?,.!&|=<>+-*/% for in\\\n'), max_size=60))
def test_any_text_has_a_value_or_none(text: str) -> None:
    expression(text)
    template(text)
    with suppress(HclError):
        scope_of(read_hcl(f'variable "A" {{\n default = {text}\n}}\n'))
