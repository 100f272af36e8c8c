"""Expansion of words, as BuildKit's shell lexer does it."""

from __future__ import annotations

import pytest

import stagegraph as sg
from stagegraph.dockerfile.expand import Budget, ExpansionError, ExpansionLimitError, Lexer

VALUES = {"A": "alpine", "E": "", "P": "foo/bar/baz.tar.gz", "STAR": "a*c"}


@pytest.mark.parametrize(
    ("word", "expanded"),
    [
        ("$A:3", "alpine:3"),
        ("${A}x", "alpinex"),
        ("$", "$"),
        ("$NONE", ""),
        ("${NONE:-d}", "d"),
        ("${E:-d}", "d"),
        ("${E-d}", ""),
        ("${A:+y}", "y"),
        ("${E:+y}", ""),
        ("${E+y}", "y"),
        ("${A:?no}", "alpine"),
        ("${P#*/}", "bar/baz.tar.gz"),
        ("${P##*/}", "baz.tar.gz"),
        ("${P%.*}", "foo/bar/baz.tar"),
        ("${P%%.*}", "foo/bar/baz"),
        ("${P/a/X}", "foo/bXr/baz.tar.gz"),
        ("${P//a/X}", "foo/bXr/bXz.tXr.gz"),
        ("${P//\\//-}", "foo-bar-baz.tar.gz"),
        ("${STAR#a\\*}", "c"),
        ("${NONE:-${A}}", "alpine"),
        ("'$A'", "$A"),
        ('"$A"', "alpine"),
        ("\\$A", "$A"),
        ('a"b c"d', "ab cd"),
        ("${A:-'}'}", "alpine"),
    ],
)
def test_words(word: str, expanded: str) -> None:
    assert Lexer().word(word, VALUES) == expanded


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("${A", "unsupported modifier () in substitution"),
        ("${}", "a substitution has no name"),
        ("${NONE:?set it}", "NONE: set it"),
        ("${A^^}", "unsupported modifier (^) in substitution"),
        ("'open", "a single quote is not closed"),
        ('"open', "a double quote is not closed"),
        ("${A:-x", "missing `}`"),
        ("${A#\\q}", "invalid pattern in substitution: invalid escape '\\q'"),
    ],
)
def test_faults(word: str, message: str) -> None:
    with pytest.raises(ExpansionError) as caught:
        Lexer().word(word, VALUES)
    assert str(caught.value) == message


def test_words_split_outside_quotes_after_expansion() -> None:
    assert Lexer().words("a $SPACE 'b c' \"d\"e", {"SPACE": "x y"}) == ["a", "x", "y", "b c", "de"]


@pytest.mark.parametrize(
    ("head", "lines", "line"),
    [
        ("FROM a\n", "ENV A{next}=$A{this}$A{this}\n", 15),
        ("FROM a\n", "ARG A{next}=${{A{this}}}$A{this}\n", 15),
        ("FROM a\n", 'ENV A{next}="$A{this}$A{this}"\n', 15),
        ("FROM a\n", "ENV A{next}=${{A{this}//a/aaaaaaaaaa}}\n", 6),
        ("", "ARG A{next}=$A{this}$A{this}\n", 15),
    ],
)
def test_variables_that_repeat_each_other_are_one_error(head: str, lines: str, line: int) -> None:
    keyword = lines.split()[0]
    text = f"{head}{keyword} A0={'a' * 10}\n"
    text += "".join(lines.format(this=n, next=n + 1) for n in range(40)) + ("" if head else "FROM $A40\n")
    with pytest.raises(sg.DockerfileError) as caught:
        _ = sg.read(sg.Source(name="Dockerfile", text=text)).steps
    assert "a word expands to more than 131,072 characters" in caught.value.message
    assert caught.value.line == line + bool(head)
    assert caught.value.hint == "look for a variable that repeats another one several times"


def test_many_long_words_are_one_error() -> None:
    value = "a" * 100_000
    budget = Budget()
    lexer = Lexer(budget=budget)
    for _ in range(167):
        lexer.word("$A", {"A": value})
    with pytest.raises(ExpansionLimitError, match="the variables of the file expand to too much text"):
        lexer.words("$A", {"A": value[:80_000]})


def test_a_long_pattern_on_a_long_value_is_an_error() -> None:
    values = {"A": "a" * 100_000, "P": "a?" * 40_000 + "b"}
    for word in ("${A//$P/x}", "${A%%*$P}", "${A#$P}"):
        with pytest.raises(ExpansionLimitError):
            Lexer().word(word, values)


def test_a_long_word_without_variables_is_not_limited() -> None:
    text = "'" + "a" * 1_000_000 + "'$A"
    assert len(Lexer().word(text, VALUES)) == 1_000_006
