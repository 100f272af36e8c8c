"""A stage named scratch: BuildKit looks for it wherever a mount has no from."""

from __future__ import annotations

import pytest

import stagegraph as sg

from .build import build, report

BEFORE = "FROM alpine AS scratch\nRUN a\nFROM alpine\nRUN --mount=type={},target=/x b\n"
AFTER = "FROM alpine AS reader\nRUN --mount=type={},target=/x b\nFROM busybox AS scratch\nFROM reader\n"
TYPES = ["bind", "tmpfs", "ssh", "cache"]


@pytest.mark.parametrize("kind", TYPES)
def test_any_mount_without_from_needs_it(kind: str) -> None:
    found = build(BEFORE.format(kind))
    assert 0 in found.target_builds[0].resolved.needed
    assert "stage:0" in found.graph()
    assert report(BEFORE.format(kind)).nodes[0].needed


@pytest.mark.parametrize(("kind", "read"), [("tmpfs", False), ("ssh", False), ("cache", True)])
def test_only_a_cache_starts_from_its_files(kind: str, read: bool) -> None:
    names = [step.name for step in report(BEFORE.format(kind)).steps]
    assert any(name.startswith("[scratch 2/2] RUN a") for name in names) == read


@pytest.mark.parametrize("kind", ["bind", "tmpfs", "ssh"])
def test_a_mount_that_reads_nothing_may_stand_before_it(kind: str) -> None:
    assert report(AFTER.format(kind)).findings == ()


def test_a_cache_may_not_stand_before_it() -> None:
    (finding,) = report(AFTER.format("cache")).findings
    assert (finding.code, finding.severity, finding.line) == ("later-stage", "error", 2)


def test_a_mount_in_the_stage_itself_is_a_cycle() -> None:
    with pytest.raises(sg.DockerfileError, match="copies from itself"):
        build("FROM alpine AS scratch\nRUN --mount=type=cache,target=/x a\n")


def test_from_scratch_is_the_stage_of_that_name_before_it() -> None:
    found = build("FROM alpine AS scratch\nFROM scratch\n")
    assert found.graph().has_edge("stage:0", "stage:1")


def test_copy_from_scratch_is_the_stage() -> None:
    found = build("FROM alpine AS scratch\nFROM busybox\nCOPY --from=scratch /a /a\n")
    assert "stage:0" in found.graph()
