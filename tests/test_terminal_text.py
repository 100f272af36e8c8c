"""Text in a terminal: wrapping, columns, wide characters and styles; rich is the reference."""

from __future__ import annotations

import io
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.table import Table
from rich.text import Text as RichText

from stagegraph.formats.terminal_text import UNBROKEN, Text, indented, shortened, to_text, two_columns

from .conftest import ROOT

WORDS = st.lists(st.sampled_from([*"ab  /→日🎉", "e\u0301", "👩\u200d👧"]), max_size=90).map("".join)


_SHORT_WORDS = st.sampled_from(["a", "ab ", "/→", "日", "🎉", "e\u0301", "👩\u200d👧"])
# no text of a report ends with spaces, which Rich counts as a part of the width
SHORT = st.lists(_SHORT_WORDS, max_size=40).map(lambda words: " ".join(words).rstrip())


def _by_rich(*renderables: RichText | Table, width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, no_color=True, color_system=None, highlight=False, markup=False)
    for renderable in renderables:
        console.print(renderable)
    return "".join(f"{line.rstrip()}\n" for line in out.getvalue().removesuffix("\n").split("\n"))


def _plain(*texts: Text, width: int) -> str:
    return to_text(texts, colour=False, width=width)


def test_lines_break_before_the_word_that_does_not_fit() -> None:
    assert _plain(Text("one two three"), width=8) == "one two\nthree\n"


def test_a_word_wider_than_the_line_is_broken_after_slashes_and_never_in_a_name() -> None:
    assert _plain(Text("a bcdefghij"), width=4) == "a\nbcdefghij\n"
    assert (
        _plain(Text("from /usr/local/lib/a-long-name x"), width=10)
        == "from\n/usr/\nlocal/lib/\na-long-name\nx\n"
    )


def test_a_wide_character_takes_two_cells() -> None:
    assert _plain(Text("日 本 語"), width=5) == "日 本\n語\n"


@given(text=WORDS, width=st.integers(4, 40))
def test_no_character_is_lost_and_an_unbroken_line_is_one(text: str, width: int) -> None:
    assert "".join(_plain(Text(text), width=width).split()) == "".join(text.split())
    assert _plain(Text(text), width=UNBROKEN) == f"{text.rstrip()}\n"


def test_unbroken_columns_are_padded_to_a_limit() -> None:
    rows = [(Text("a"), Text("b")), (Text("/long" * 30), Text("c" * 300))]
    assert _plain(*two_columns(rows, UNBROKEN), width=UNBROKEN) == (
        f"a{' ' * 61}b\n{'/long' * 30}  {'c' * 300}\n"
    )


def test_a_shortened_text_ends_with_an_ellipsis() -> None:
    assert shortened(Text("abcdef"), 4).plain == "abc…"
    assert shortened(Text("日本語"), 4).plain == "日 …"
    assert shortened(Text("abcd"), 4).plain == "abcd"


def test_every_line_of_an_indented_text_is_indented() -> None:
    assert _plain(*indented(Text("one two"), 2, 6), width=6) == "  one\n  two\n"


def test_columns_are_aligned() -> None:
    rows = [(Text("a"), Text("first")), (Text("bcd"), Text("second"))]
    assert _plain(*two_columns(rows, 20), width=20) == "a    first\nbcd  second\n"


def test_the_wider_column_is_wrapped() -> None:
    rows = [(Text("a"), Text("one two three"))]
    assert _plain(*two_columns(rows, 10), width=10) == "a  one two\n   three\n"


def test_styles_are_escape_sequences_and_end_with_the_text() -> None:
    text = Text("a", style="bold")
    text.append("b", style="cyan")
    text.append("  ")
    assert to_text([text], colour=True, width=9) == "\x1b[1ma\x1b[0m\x1b[1;36mb\x1b[0m\n"
    assert to_text([text], colour=False, width=9) == "ab\n"


@given(text=SHORT, width=st.integers(4, 40))
def test_wrapping_is_that_of_rich(text: str, width: int) -> None:
    assert _plain(Text(text), width=width) == _by_rich(RichText(text), width=width)


@given(rows=st.lists(st.tuples(SHORT, SHORT), min_size=1, max_size=4), width=st.integers(20, 80))
def test_columns_are_those_of_rich(rows: list[tuple[str, str]], width: int) -> None:
    table = Table.grid(padding=(0, 2))
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for one, other in rows:
        table.add_row(RichText(one), RichText(other))
    texts = two_columns([(Text(one), Text(other)) for one, other in rows], width)
    assert _plain(*texts, width=width) == _by_rich(table, width=width)


@pytest.mark.parametrize(
    "command",
    [
        ["report", "samples/monorepo"],
        ["render", "samples/monorepo", "-F", "text"],
        ["diff", "samples/nodejs", "samples/monorepo"],
        ["timings", "samples/measured/build.dockerbuild"],
    ],
)
def test_no_command_loads_rich(command: list[str]) -> None:
    code = (
        "import sys\nfrom stagegraph.cli import main\n"
        f"try: main({command!r})\nexcept SystemExit: pass\n"
        "print([n for n in sys.modules if n.partition('.')[0] == 'rich'])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, cwd=ROOT)
    assert done.stdout.decode().splitlines()[-1] == "[]"
