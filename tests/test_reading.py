"""How lines, heredocs, escapes and flags become instructions."""

from __future__ import annotations

import stagegraph as sg
from stagegraph.dockerfile.logical import source_from_bytes
from stagegraph.graph.build import build_of

from .build import build, edges, error, report, step_names


def test_heredoc_bodies_hold_no_instructions() -> None:
    found = report("""\
        FROM alpine
        RUN <<EOF cat
        FROM busybox AS inside
        EOF
        COPY <<-"A" <<B /x/
        COPY --from=9 /a /b
        \tA
        FROM scratch
        B
        """)
    assert [node.label for node in found.nodes if node.index is not None] == ["stage-0"]


def test_three_angle_brackets_open_no_heredoc() -> None:
    assert step_names(report("FROM alpine\nRUN cat <<< here\nRUN two\n"))[-1] == "[3/3] RUN two"


def test_a_heredoc_in_json_form_is_a_plain_word() -> None:
    assert len(report('FROM alpine\nRUN ["cat", "<<EOF"]\nFROM busybox\n').nodes) == 4


def test_blank_and_comment_lines_continue_an_instruction() -> None:
    found = report("FROM alpine\nRUN one \\\n\n   # note\n  && two\nRUN three\n")
    assert step_names(found) == [
        "[1/3] FROM docker.io/library/alpine:latest",
        "[2/3] RUN one   && two",
        "[3/3] RUN three",
    ]


def test_an_escaped_backslash_at_the_end_continues_nothing() -> None:
    assert step_names(report("FROM alpine\nRUN echo \\\\\nRUN two\n"))[1:] == [
        "[2/3] RUN echo \\",
        "[3/3] RUN two",
    ]


def test_the_escape_directive_makes_a_backslash_plain() -> None:
    found = report("# escape=`\nFROM alpine\nRUN dir c:\\\nRUN a `\n  b\n")
    assert step_names(found)[1:] == ["[2/3] RUN dir c:\\", "[3/3] RUN a   b"]


def test_a_directive_after_a_comment_does_not_count() -> None:
    assert len(report("# hello\n# escape=`\nFROM alpine\nRUN a \\\n b\n").steps) == 3


def test_a_byte_order_mark_is_dropped() -> None:
    assert edges(report("\ufeffFROM alpine\n")) == ["alpine -from-> stage-0"]


def test_crlf_ends_lines_too() -> None:
    assert step_names(report("FROM alpine\r\nRUN a \\\r\n b\r\n"))[-1] == "[2/2] RUN a  b"


def test_instructions_in_any_case() -> None:
    assert edges(report("from alpine as x\ncopy a b\n")) == [
        "alpine -from-> x",
        "build context -copy-> x: a > b",
    ]


def test_quotes_and_escapes_of_flags_are_removed() -> None:
    assert "b -copy-> stage-1: /x > /y" in edges(report('FROM alpine AS b\nFROM a\nCOPY --from="b" /x /y\n'))


def test_the_comment_above_from_describes_the_stage() -> None:
    found = report("# build compiles the server\nFROM golang AS build\n")
    assert [node.description for node in found.nodes if node.index == 0] == ["compiles the server"]


def test_the_json_form_of_copy() -> None:
    found = edges(report('FROM alpine\nCOPY ["a b", "/c d/"]\n'))
    assert "build context -copy-> stage-0: a b > /c d/" in found


def test_spans_tell_first_and_last_line() -> None:
    stage = build("FROM alpine\nRUN a \\\n  b\nCMD x\n").file.stages[0]
    assert [(item.span.line, item.span.end_line) for item in stage.body] == [(2, 3), (4, 4)]
    assert stage.end_line == 4


def test_bytes_that_are_no_text_count_once_in_the_length_of_a_line() -> None:
    source = source_from_bytes(b"FROM a\nRUN " + b"\xe9" * 65_000 + b"\n", "Dockerfile")
    assert len(build_of(source, sg.Options()).file.stages) == 1


def test_a_line_may_have_as_many_bytes_as_buildkit_reads() -> None:
    assert build("FROM a\nRUN " + "x" * 65_531 + "\n").file.stages
    assert "longer than 65,535 bytes" in error("FROM a\nRUN " + "x" * 65_532 + "\n")


def test_white_space_is_what_go_takes_for_it() -> None:
    assert edges(report("\u00a0FROM\v alpine\f\nCOPY\ta\rb\n"))[0] == "alpine -from-> stage-0"
    assert "unknown instruction" in error("FROM\u00a0alpine\n")


def test_directives_with_odd_spacing() -> None:
    assert step_names(report("  #\u00a0EsCaPe\t=  `  \nFROM a\nRUN x `\ny\n"))[-1] == "[2/2] RUN x y"
    assert step_names(report("#!/bin/x\n# escape=`\nFROM a\nRUN x \\\ny\n"))[-1] == "[2/2] RUN x y"


def test_several_heredocs_are_read_in_order() -> None:
    found = report("FROM a\nCOPY <<one <<-'two' /d/\n1\none\n\t2\n\ttwo\nRUN x\n")
    documents = [step.name for step in found.steps if "inline" in step.name]
    assert len(documents) == 2
    assert step_names(found)[-1] == "[3/3] RUN x"


def test_heredocs_open_in_triggers_and_with_another_escape() -> None:
    found = report("# escape=`\nFROM a AS b\nONBUILD RUN <<E\nFROM z\nE\nFROM b\nCOPY <<E /x\nONE\nE\n")
    assert [step.name for step in found.steps if step.name][1:] == [
        "[stage-1 1/2] ONBUILD RUN <<E (FROM z)",
        "[internal] preparing inline document",
        "[stage-1 2/2] COPY <<E /x",
    ]


def test_a_continuation_at_the_very_end_is_no_fault() -> None:
    assert step_names(report("FROM a\nRUN x \\"))[-1] == "[2/2] RUN x"
    assert step_names(report("FROM a\nRUN x \\\n# c\n\n"))[-1] == "[2/2] RUN x"


def test_the_options_of_the_check_directive() -> None:
    for good in ("skip=all", "error=true", "skip=JSONArgsRecommended,StageNameCasing; error=1"):
        assert build(f"# check={good}\nFROM a\n")
    for bad in ("all", "skips=all", "error=maybe", "skip=a;error=true;error=true"):
        assert "Dockerfile:1:1" in error(f"# check={bad}\nFROM a\n")
