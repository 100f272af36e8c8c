"""Expansion of words, as BuildKit's shell lexer does it."""

from __future__ import annotations

import pytest

from stagegraph.dockerfile.expand import ExpansionError, Lexer

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
