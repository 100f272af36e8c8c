"""Compose files as bake reads them, with the rules of compose-go: what is merged, and what is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from stagegraph.bake.printing import printed
from stagegraph.bake.reading import read_bake
from stagegraph.errors import BakeError

from .bake_projects import write

SERVICE = "services:\n  m:\n    build: .\n    "


def targets(directory: Path, *files: str, **environment: str) -> dict[str, Any]:
    """The targets of compose files that are merged in order."""
    named = {f"{number}.yaml": text for number, text in enumerate(files)}
    write(directory, named)
    bake = read_bake(tuple(named), (), (), environment, str(directory), check_files=True)
    result: dict[str, Any] = printed(bake)["target"]
    return result


def error(directory: Path, *files: str, **environment: str) -> BakeError:
    """The error of compose files."""
    with pytest.raises(BakeError) as caught:
        targets(directory, *files, **environment)
    return caught.value


def with_build(text: str) -> str:
    """A service ``m`` whose build has one more key."""
    return f"services:\n  m:\n    build:\n      context: .\n      {text}\n"


# merging


@pytest.mark.parametrize(
    ("base", "other", "key", "merged"),
    [
        ('args: {X: "1", Y: "2"}', "args: {X: }", "args", {"X": "outside", "Y": "2"}),
        ('args: {X: "1", Y: "2"}', "args: [X=9, Z]", "args", {"X": "9", "Y": "2"}),
        ("args: [X]", "args: {X: 3}", "args", {"X": "3"}),
        ("labels: [a=1]", "labels: {a: 2}", "labels", {"a": "2"}),
        ("extra_hosts: {h: 1.1.1.1}", 'extra_hosts: ["h=2.2.2.2"]', "extra-hosts", {"h": "1.1.1.1,2.2.2.2"}),
        ("extra_hosts: {h: 1.1.1.1}", 'extra_hosts: ["h=1.1.1.1"]', "extra-hosts", {"h": "1.1.1.1"}),
        ("additional_contexts: {c: ./c}", "additional_contexts: [c=./d]", "contexts", {"c": "d"}),
        ("tags: [a, b]", "tags: [b, c]", "tags", ["a", "b", "c"]),
    ],
)
def test_a_later_file_is_merged_over_an_earlier_one(
    tmp_path: Path, base: str, other: str, key: str, merged: object
) -> None:
    assert targets(tmp_path, with_build(base), with_build(other), X="outside")["m"][key] == merged


def test_each_file_is_checked_alone(tmp_path: Path) -> None:
    caught = error(tmp_path, SERVICE, "volumes: {}\n")
    assert caught.source is not None
    assert (caught.source.name, caught.message) == ("1.yaml", "this compose file has no services")
    assert "dockerFile" in error(tmp_path, SERVICE, with_build("dockerFile: D")).message


def test_the_keys_of_ssh_are_sorted_with_those_of_x_bake(tmp_path: Path) -> None:
    text = with_build("ssh: [default]\n      x-bake: {ssh: a=b}")
    keys = targets(tmp_path, text, SSH_AUTH_SOCK="x")["m"]["ssh"]
    assert [one["id"] for one in keys] == ["a", "default"]


# scalars


@pytest.mark.parametrize(
    ("scalar", "text"),
    [
        ("1.50", "1.5"),
        ("100000.5", "100000.5"),
        ("1000000.0", "1e+06"),
        ("100000000.5", "1.000000005e+08"),
        ("0.00001", "1e-05"),
        ("0.0001", "0.0001"),
        ("-2e10", "-2e+10"),
        ("0.0", "0"),
        ("1000000", "1000000"),
        ("18446744073709551615", "18446744073709551615"),
        ("100000000000000000000", "1e+20"),
        ("0o10", "8"),
        ("010", "8"),
        ("08", "8"),
        ("1_000", "1000"),
        ("on", "on"),
        ("yes", "yes"),
        ("True", "true"),
        ('"01"', "01"),
    ],
)
def test_a_scalar_is_printed_as_go_prints_it(tmp_path: Path, scalar: str, text: str) -> None:
    assert targets(tmp_path, with_build(f"args: {{A: {scalar}}}"))["m"]["args"] == {"A": text}


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=x # c", "x"),
        ("A=x#c", "x#c"),
        ("A=#x", "#x"),
        ("A=x\t#c", "x\t#c"),
        ("A='a # b' # c", "a # b"),
        (r"A='it\'s \n'", r"it's \n"),
        (r'A="a\tb\"c\\d\$e\qf"', 'a\tb"c\\d$e\\qf'),
        (r'A="\0101"', "A"),
        ('A="two\r\nlines"', "two\nlines"),
        ("export A = x ", "x"),
        ("A: x", "x"),
        ("1A=y\nA=${1A-none}${B:-z}", None),
        ("B=y\nA=$B-${C:-z}", "y-z"),
        ("A", "outside"),
    ],
)
def test_an_env_file_is_read_as_compose_reads_it(tmp_path: Path, line: str, value: str | None) -> None:
    write(tmp_path, {".env": f"{line}\n"})
    lookup = {"A": "outside"} if line == "A" else {}
    text = with_build('args: {A: "${A}"}')
    if value is None:
        assert ".env" in str(error(tmp_path, text))
    else:
        assert targets(tmp_path, text, **lookup)["m"]["args"] == {"A": value.replace("${", "$${")}


def test_an_open_quote_takes_no_long_time(tmp_path: Path) -> None:
    write(tmp_path, {".env": 'A="' + "\\" * 100_000})
    assert error(tmp_path, SERVICE).message == "a quoted value has no end"


# errors


@pytest.mark.parametrize(
    ("text", "message", "line"),
    [
        ("services:\n  a:\n    ports: []\n", "services.a has neither image nor build", 2),
        ("services:\n  a:\n    image: ${UNSET}\n", "services.a has neither image nor build", 2),
        ("services:\n  b: {build: .}\n  a:\n", "services.a is empty", 3),
        ("services:\n  a:\n    build:\n", "services.a.build must be a string or a mapping", 3),
        (SERVICE + "image:\n", "services.m.image must be a string", 4),
        (SERVICE + "environment:\n", "services.m.environment must be a list or a mapping", 4),
        (SERVICE + "environment: [{A: b}]\n", "services.m.environment must be a list of strings", 4),
        (with_build("args:"), "services.m.build.args must be a list or a mapping", 5),
        (with_build("args: [1]"), "services.m.build.args must be a list of strings", 5),
        (with_build("target: 5"), "services.m.build.target must be a string", 5),
        (with_build("secrets: [s]"), "services.m.build has the undefined secret s", 5),
        (with_build("") + "secrets:\n  s: {}\n", "secrets.s has no value", 7),
        (
            with_build("dockerfile: D\n      dockerfile_inline: FROM x"),
            "services.m.build has both dockerfile and dockerfile_inline",
            6,
        ),
        (SERVICE + "env_file: none.env\n", "env file none.env not found", 4),
        ("services:\n  a:\n    image: x\n    env_file: none.env\n", "env file none.env not found", 4),
        (
            SERVICE + 'volumes: ["${UNSET}:/data"]\n',
            "services.m.volumes: `:/data` has an empty part between colons",
            4,
        ),
        (SERVICE + 'volumes: ["/a:/b:ro:x"]\n', "services.m.volumes: `/a:/b:ro:x` has too many colons", 4),
        (SERVICE + 'ports: ["${U}:${V}"]\n', "services.m.ports: `:` has no port of the container", 4),
        (SERVICE + 'ports: ["80/x"]\n', "services.m.ports: `80/x` has the unknown protocol x", 4),
        (
            SERVICE + 'ports: ["1-3:4-5"]\n',
            "services.m.ports: `1-3:4-5` has ranges of different lengths",
            4,
        ),
        (SERVICE + 'ports: ["x:80"]\n', "services.m.ports: `x:80` has the invalid port x", 4),
        (SERVICE + 'ports: ["3-1"]\n', "services.m.ports: `3-1` has the invalid range 3-1", 4),
        (SERVICE + 'ports: ["h:1:2"]\n', "services.m.ports: `h:1:2` has the invalid IP address h", 4),
        (SERVICE + "ports:\n", "services.m.ports must be a list", 4),
        (SERVICE + "privileged: ${UNSET}x\n", "services.m.privileged: expected true or false, not `x`", 4),
        (
            SERVICE + 'deploy: {replicas: "${UNSET}"}\n',
            "services.m.deploy.replicas: expected a whole number, not ``",
            4,
        ),
        (SERVICE + 'cpus: "x"\n', "services.m.cpus: expected a number, not `x`", 4),
        (
            SERVICE + "ulimits: {nofile: {soft: x}}\n",
            "services.m.ulimits.nofile.soft: expected a whole number, not `x`",
            4,
        ),
    ],
)
def test_what_compose_rejects_is_an_error_at_its_line(
    tmp_path: Path, text: str, message: str, line: int
) -> None:
    caught = error(tmp_path, text)
    assert (caught.message, caught.line) == (message, line)


@pytest.mark.parametrize(
    "text",
    [
        'ports: [80, "1-3:4-6", "127.0.0.1:80:80/udp", "[::1]:80:80", "8000-8010:80", "${UNSET}:80"]',
        'volumes: ["./a:/b:ro,z", v, "C:\\\\x:/y", "a:b", {type: bind, source: x, target: y}]',
        "volumes:",
        "privileged: ${UNSET:-yes}",
        'cpus: "0.5"',
        "depends_on: [none]",
        "unknown: key",
        "provider: {type: x}",
    ],
)
def test_what_compose_accepts_has_no_effect_on_the_build(tmp_path: Path, text: str) -> None:
    assert targets(tmp_path, f"{SERVICE}{text}\n") == targets(tmp_path, f"{SERVICE}\n")


def test_an_error_of_an_unset_variable_says_to_set_it(tmp_path: Path) -> None:
    for text in ('volumes: ["${UNSET}:/data"]', "privileged: ${UNSET}"):
        assert "in .env or in the environment" in error(tmp_path, f"{SERVICE}{text}\n").hint


def test_a_flag_in_quotes_counts(tmp_path: Path) -> None:
    text = with_build("secrets: [s]") + 'secrets:\n  s: {external: "yes"}\n'
    assert "unsupported external secret s" in error(tmp_path, text).message


@pytest.mark.parametrize(
    "kind", ["list(string, number)", "optional(string)", "object({a=optional(string, 1)})"]
)
def test_a_type_that_bake_does_not_know_is_an_error(tmp_path: Path, kind: str) -> None:
    write(tmp_path, {"docker-bake.hcl": f'variable "V" {{\n  type = {kind}\n}}\ntarget "default" {{}}\n'})
    with pytest.raises(BakeError) as caught:
        read_bake((), (), (), {}, str(tmp_path))
    assert caught.value.line == 2
