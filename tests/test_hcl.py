"""Expressions of HCL as bake works them out, and UNKNOWN where it would need to know more."""

from __future__ import annotations

from contextlib import suppress
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stagegraph.discovery.hcl_expression import expression, template
from stagegraph.discovery.hcl_file import HclError, evaluated, read_hcl, scope_of
from stagegraph.discovery.hcl_functions import FUNCTIONS
from stagegraph.discovery.hcl_values import UNKNOWN, is_known

from .strategies import examples

SCOPE: dict[str, Any] = {
    **FUNCTIONS,
    "a": "x",
    "n": None,
    "yes": True,
    "list": ["p", "q"],
    "item": {"name": "lint", "tags": ["t"]},
    "u": UNKNOWN,
}


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
    assert expression(text, SCOPE) == value


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
    assert expression(text, SCOPE) is UNKNOWN


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
    assert template(text, SCOPE) == value


@pytest.mark.parametrize("text", ["${u}", "x${n}", "%{ if a }x%{ endif }", "${", "${a"])
def test_templates_that_are_not_known(text: str) -> None:
    assert template(text, SCOPE) is UNKNOWN


def scope(text: str) -> dict[str, Any]:
    return scope_of(read_hcl(dedent(text)))


def test_variables_may_need_each_other_in_any_order() -> None:
    found = scope(
        """\
        variable "A" { default = "${B}-a" }
        variable "B" { default = C != "" ? C : "none" }
        variable "C" { default = "" }
        D = "top-${A}"
        """
    )
    assert (found["A"], found["B"], found["D"]) == ("none-a", "none", "top-none-a")


def test_a_variable_without_default_is_not_known() -> None:
    assert scope('variable "A" {}\n')["A"] is UNKNOWN


def test_variables_in_a_circle_are_not_known() -> None:
    found = scope('variable "A" { default = "${B}" }\nvariable "B" { default = "${A}" }\n')
    assert found["A"] is UNKNOWN


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
    found = scope("\n".join(lines))
    assert not is_known(found["A59"])
    assert found["B59"] is UNKNOWN


def test_documents_in_place() -> None:
    body = read_hcl('target "a" {\n  x = <<-EOT\n    one ${V}\n     two\n    EOT\n}\n')["target"]["a"]
    assert evaluated(body["x"], {"V": "1"}) == "one 1\n two"


@examples(2)
@given(st.text(alphabet=st.sampled_from('ab1"${}()[]:?,.!&|=<>+-*/% for in\\\n'), max_size=60))
def test_any_text_has_a_value_or_none(text: str) -> None:
    expression(text, SCOPE)
    template(text, SCOPE)
    with suppress(HclError):
        scope_of(read_hcl(f'variable "A" {{\n default = {text}\n}}\n'))
