"""What BuildKit refuses, in words that say where, what and the next step: whole texts."""

from __future__ import annotations

import pytest

from .build import error, report

CASES = {
    "unknown instruction": (
        "FROM alpine\nRUNN x\n",
        """\
Dockerfile:2:1: unknown instruction `RUNN`
    2 | RUNN x
      | ^~~~
hint: did you mean RUN?""",
    ),
    "from with two words": (
        "FROM alpine build\n",
        """\
Dockerfile:1:1: FROM takes one argument, or three
    1 | FROM alpine build
      | ^~~~~~~~~~~~~~~~~
hint: write FROM [--platform=P] BASE [AS NAME]""",
    ),
    "bad stage name": (
        "FROM alpine AS 1st\n",
        """\
Dockerfile:1:16: invalid stage name `1st`
    1 | FROM alpine AS 1st
      |                ^~~
hint: start the name with a letter; use letters, digits, -, _ and .""",
    ),
    "unknown flag": (
        "FROM alpine\n  COPY --form=x a b\n",
        """\
Dockerfile:2:8: unknown flag --form on COPY
    2 |   COPY --form=x a b
      |        ^~~~~~
hint: did you mean --from?""",
    ),
    "number out of range": (
        "FROM alpine\nCOPY --from=3 a b\n",
        """\
Dockerfile:2:13: there is no stage 3
    2 | COPY --from=3 a b
      |             ^
hint: use a stage from 0 to 0""",
    ),
    "variable in from": (
        "FROM alpine\nCOPY --from=$X a b\n",
        """\
Dockerfile:2:13: COPY --from does not expand variables: `$X`
    2 | COPY --from=$X a b
      |             ^~
hint: start a stage with FROM and the variable, and copy from that stage""",
    ),
    "blank base": (
        "ARG BASE\nFROM $BASE\n",
        """\
Dockerfile:2:6: base image `$BASE` is empty after expansion
    2 | FROM $BASE
      |      ^~~~~
hint: set --build-arg BASE=VALUE, or give ARG BASE a default""",
    ),
    "blank base, declared too late": (
        "FROM a AS x\nARG BASE=b\nFROM $BASE\n",
        """\
Dockerfile:3:6: base image `$BASE` is empty after expansion
    3 | FROM $BASE
      |      ^~~~~
hint: ARG BASE is inside a stage, and FROM sees only those before the first FROM: move it up""",
    ),
    "part of a base, declared too late": (
        "ARG R=r.io\nFROM a AS x\nARG BASE=b\nFROM $R/$BASE\n",
        """\
Dockerfile:4:1: invalid image reference `r.io/`
    4 | FROM $R/$BASE
      | ^~~~~~~~~~~~~
hint: ARG BASE is inside a stage, and FROM sees only those before the first FROM: move it up""",
    ),
    "blank base, not declared": (
        "FROM $BASE\n",
        """\
Dockerfile:1:6: base image `$BASE` is empty after expansion
    1 | FROM $BASE
      |      ^~~~~
hint: no ARG declares BASE: add ARG BASE=VALUE before the first FROM""",
    ),
    "case of a stage name": (
        "FROM alpine AS Build\nFROM Build\n",
        """\
Dockerfile:2:6: image names must be lower case, not `library/Build`
    2 | FROM Build
      |      ^~~~~
hint: stage names are lower case: write FROM build""",
    ),
    "heredoc without end": (
        "FROM alpine\nRUN <<EOF\necho\n",
        """\
Dockerfile:2:5: the heredoc EOF has no end
    2 | RUN <<EOF
      |     ^~~~~
hint: add a line with only EOF after its text""",
    ),
    "circle": (
        "FROM a AS x\nCOPY --from=y /1 /1\nFROM b AS y\nCOPY --from=x /2 /2\n",
        """\
Dockerfile:4:1: stages copy from each other in a cycle: x needs y needs x
    4 | COPY --from=x /2 /2
      | ^~~~~~~~~~~~~~~~~~~
hint: remove one of these references""",
    ),
    "nothing before from": (
        "RUN x\n",
        """\
Dockerfile:1:1: only ARG is allowed before the first FROM
    1 | RUN x
      | ^~~~~
hint: start the stage with FROM""",
    ),
    "empty": ("", "Dockerfile: the file is empty\nhint: start a Dockerfile with FROM"),
    "only comments": (
        "# x\n",
        "Dockerfile: the file has no instructions\nhint: start a Dockerfile with FROM",
    ),
    "directive twice": (
        "# escape=`\n# escape=`\nFROM a\n",
        """\
Dockerfile:2:1: the escape directive is given twice
    2 | # escape=`
      | ^~~~~~~~~~""",
    ),
    "bad json": (
        'FROM a\nCOPY ["a", 1]\n',
        """\
Dockerfile:2:1: a list in JSON form can contain only strings
    2 | COPY ["a", 1]
      | ^~~~~~~~~~~~~""",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_errors(name: str) -> None:
    text, message = CASES[name]
    assert error(text) == message


def test_an_unknown_target_names_a_near_one() -> None:
    assert error("FROM a AS release\n", target="relase") == (
        "Dockerfile: there is no stage named relase\nhint: did you mean release?"
    )


def test_an_unknown_target_lists_the_stages() -> None:
    assert error("FROM a AS one\nFROM b AS two\n", target="x") == (
        "Dockerfile: there is no stage named x\nhint: use one of the stages one, two"
    )


def test_a_bad_platform_is_a_fault_of_the_options() -> None:
    assert error("FROM a\n", platforms=("lin ux",)) == (
        "invalid platform `lin ux`: a part is empty or has a character that is not allowed\n"
        "hint: use a platform such as linux/arm64"
    )


def test_the_caret_stands_under_wide_characters() -> None:
    assert error("FROM alpine AS 中文\n").split("\n")[2] == "      |                ^~~~"


def test_a_long_line_is_cut_around_the_fault() -> None:
    shown = error("FROM alpine\nCOPY --from=9 " + "x" * 500 + " y\n").split("\n")
    assert len(shown[1]) < 120
    assert "^" in shown[2]


def test_a_copy_from_a_later_stage_is_a_finding_on_a_graph_that_draws() -> None:
    found = report("FROM a AS x\nCOPY --from=y /1 /2\nFROM b AS y\n", target="x")
    assert [(f.code, str(f.severity), f.line, f.message, f.fix) for f in found.findings] == [
        (
            "later-stage",
            "error",
            2,
            "`x` copies from `y`, which comes later in the file",
            "move `y` above `x`",
        )
    ]
    assert len(found.edges) == 3


def test_a_mount_that_buildkit_refuses_is_a_finding() -> None:
    found = report("FROM a AS b\nFROM c\nRUN --mount=type=secret,from=b,id=x y\n")
    assert [f.message for f in found.findings] == ["a secret mount cannot have from"]
