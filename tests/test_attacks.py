"""The attacks of ``tests/fuzz`` on the commands: an answer or one error, in bounded time and memory."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from .fuzz.attacks import COMMANDS, Attack, attacks
from .fuzz.child import problems as problems_of
from .fuzz.mutants import mutants
from .fuzz.run import problems
from .strategies import count

ATTACKS = list(attacks())


@pytest.mark.parametrize("kind", COMMANDS)
def test_attacks_get_an_answer_or_one_error(kind: str) -> None:
    own = [one for one in ATTACKS if one.kind == kind]
    assert own
    assert {attack.name: found for attack, found in problems(own) if found} == {}


def test_random_changes_get_an_answer_or_one_error() -> None:
    assert {attack.name: found for attack, found in problems(mutants(0, count(4))) if found} == {}


def test_the_same_number_is_the_same_change() -> None:
    assert list(mutants(7, 3)) == list(mutants(7, 3))
    assert list(mutants(7, 3)) != list(mutants(8, 3))


def test_a_command_that_takes_too_long_is_a_problem_and_the_next_one_runs() -> None:
    slow, fast = (
        Attack("x", "Dockerfile", {"Dockerfile": text}) for text in (b"FROM a\n" * 50_000, b"FROM a\n")
    )
    answers = [found for _, found in problems([slow, fast, slow], seconds=0.2)]
    assert answers == [
        ["the process ended with 99: 99 is more than 0.2 s"],
        [],
        ["the process ended with 99: 99 is more than 0.2 s"],
    ]


def raises(_: list[str]) -> None:
    raise MemoryError


def exits(code: int, text: str) -> Callable[[list[str]], None]:
    def command(_: list[str]) -> None:
        print(text, end="")
        sys.exit(code)

    return command


def writes(_: list[str]) -> None:
    Path("made").touch()
    sys.exit(0)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (raises, "x: exit code None: Traceback: MemoryError: \n"),
        (exits(3, "slow"), "x: exit code 3: slow"),
        (exits(1, ""), "x: no message: "),
        (
            exits(1, "error: stagegraph failed"),
            "x: internal error: stagegraph failed: error: stagegraph failed",
        ),
        (exits(0, "a\x1b"), "x: control character '\\x1b': a\x1b"),
        (exits(0, "a\n ::b"), "x: workflow command ' ::': a\n ::b"),
        (writes, "x: a file was changed or made: "),
    ],
)
def test_what_a_problem_is(
    command: Callable[[list[str]], None], problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(os.getcwd())  # the command changes it
    assert problems_of(command, ["x"], {"a": b""})[0] == problem
