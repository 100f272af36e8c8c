"""What BuildKit refuses only when it comes to build a stage, value by value."""

from __future__ import annotations

import pytest

from .build import error, report


def _refused(instruction: str, head: str = "FROM alpine") -> list[str]:
    found = report(f"{head}\n{instruction}\n").findings
    return [finding.message for finding in found if finding.code == "would-fail"]


@pytest.mark.parametrize(
    "ports",
    ["80", "80/tcp 53/UDP 9/sctp", "8000-8010", "1-3:4-6", "1-3:80", "[::1]:80:80", "10.0.0.1::80", "$X"],
)
def test_ports_that_buildkit_takes(ports: str) -> None:
    assert _refused(f"EXPOSE {ports}") == []


@pytest.mark.parametrize(
    "port", ["http", "80/tls", "65536", "9-8", "1-2-3", "1-3:4-7", "nowhere:1:1", "${X}/tcp"]
)
def test_ports_that_buildkit_refuses(port: str) -> None:
    assert len(_refused(f"EXPOSE {port}", "FROM scratch")) == 1


@pytest.mark.parametrize("signal", ["SIGTERM", "term", "9", "-1", "SIGRTMIN+3", "rtmax-14"])
def test_signals_that_buildkit_takes(signal: str) -> None:
    assert _refused(f"STOPSIGNAL {signal}") == []


@pytest.mark.parametrize("signal", ["SIGNONE", "0", "RTMIN+16", "$X", "TERM KILL"])
def test_signals_that_buildkit_refuses(signal: str) -> None:
    assert len(_refused(f"STOPSIGNAL {signal}", "FROM scratch")) == 1


@pytest.mark.parametrize("mode", ["755", "07777", "u+x", "ug=rwX,o-w", "a+x", "+x", "g=u", "$X"])
def test_modes_that_buildkit_takes(mode: str) -> None:
    assert _refused(f"COPY --chmod={mode} a b") == []


@pytest.mark.parametrize("mode", ["999", "10000", "rwx", "u+y", "u+x,", "0x1"])
def test_modes_that_buildkit_refuses(mode: str) -> None:
    assert len(_refused(f"COPY --chmod={mode} a b")) == 1


def test_a_volume_that_comes_out_empty_is_refused() -> None:
    assert _refused("VOLUME $X", "FROM scratch") == ["VOLUME has a path that is empty after expansion"]
    assert _refused("VOLUME /data $X/logs") == []


def test_a_checksum_needs_one_fetched_source() -> None:
    digest = f"sha256:{'a' * 64}"
    assert _refused(f"ADD --checksum={digest} https://x.org/a /") == []
    assert _refused("ADD --checksum=v1 https://x.org/a.git /") == []
    assert _refused(f"ADD --checksum={digest} a /") == ["--checksum needs a source that ADD downloads"]
    assert _refused(f"ADD --checksum={digest} a https://x.org/a /") == ["--checksum takes one source"]
    assert _refused("ADD --checksum=sha256:ab https://x.org/a /") == [
        "--checksum=sha256:ab: a sha256 digest needs 64 lower-case hexadecimal digits"
    ]


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://x.org/a.git?ref=v1", ""),
        ("https://x.org/a.git?tag=v1&subdir=docs&keep-git-dir", ""),
        ("git@x.org:a.git#main:docs", ""),
        ("https://x.org/a.git?v=1", "unknown parameter v in the query of a git reference"),
        ("https://x.org/a.git?ref=", "ref in the query of a git reference needs exactly one value"),
        ("https://x.org/a.git?ref=a#b", "a git reference has two values for ref: b and a"),
        ("https://x.org/a.git?tag=a&branch=b", "a git reference can name a tag or a branch, not both"),
        ("https://x.org/a.git?submodules=no", "submodules of a git reference must be true or false, not no"),
        ("https://x.org/a?v=1", ""),  # no repository, so any query
    ],
)
def test_the_query_of_a_git_reference(address: str, message: str) -> None:
    assert _refused(f"ADD {address} /src") == [message] * bool(message)


def test_keep_git_dir_is_said_one_way() -> None:
    assert _refused("ADD --keep-git-dir https://x.org/a.git?keep-git-dir=true /src") == []
    assert len(_refused("ADD --keep-git-dir https://x.org/a.git?keep-git-dir=false /src")) == 1


def test_copy_fetches_nothing() -> None:
    assert _refused("COPY https://x.org/a /") == ["COPY cannot download https://x.org/a; use ADD"]
    assert _refused("COPY github.com/moby/buildkit /") == []


@pytest.mark.parametrize(
    ("mount", "message"),
    [
        ("target=/a", ""),
        ("type=cache,target=x,uid=1,mode=0755,sharing=LOCKED", ""),
        ("type=tmpfs,target=/t,size=1.5GiB", ""),
        ("type=secret,id=k,env=K", ""),
        ("type=secret,target=/k", ""),
        ("type=ssh", ""),
        ("type=secret,env=K", "a secret mount needs an id or a target"),
        ("type=secret,id=k,source=k", "a secret mount can have an id or a source, not both"),
        ("type=secret,id=k,from=alpine", "a secret mount cannot have from"),
        ("source=/x,target=/", "a mount needs a target other than the root"),
        ("target=/a,mode=0755", "a bind mount cannot have uid, gid or mode"),
        ("type=cache,target=/a,mode=0999", "mode of a mount must be octal, not `0999`"),
        ("type=cache,target=/a,uid=4294967296", "uid of a mount must be a number, not `4294967296`"),
        (
            "type=tmpfs,target=/t,size=much",
            "size of a mount must be a number of bytes such as 64m, not `much`",
        ),
        ("target=/a,size=1", "a bind mount cannot have size"),
        ("target=/a,ro=yes", "readonly of a mount must be true or false, not `yes`"),
        ("target=/a,sharing=shared", "a bind mount cannot have sharing"),
        ("target=/a,readonly,required", "a bind mount cannot have required"),
        ("target=/a,x=1", "unknown option `x` in a mount"),
        ("target=/a,x", "x in a mount needs a value"),
    ],
)
def test_mounts(mount: str, message: str) -> None:
    assert _refused(f"RUN --mount={mount} x") == [message] * bool(message)


def test_a_secret_needs_a_target_on_windows() -> None:
    head = "FROM --platform=windows/amd64 mcr.microsoft.com/windows/nanoserver"
    assert len(_refused("RUN --mount=type=secret,id=k x", head)) == 1
    assert _refused("RUN --mount=type=secret,id=k,target=C:/k x", head) == []


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("C:/app", ""),
        ("c:app", ""),
        ("/app", ""),
        ("D:/app", "D:/app is not on the drive C:"),
        ("C:", "C: is a drive without a path"),
        ("//server/app", "//server/app is a network path, which BuildKit does not support"),
    ],
)
def test_paths_on_windows(path: str, message: str) -> None:
    assert _refused(f"WORKDIR {path}", "FROM --platform=windows/amd64 x") == [message] * bool(message)
    assert _refused(f"WORKDIR {path}") == []


@pytest.mark.parametrize("device", ["vendor.org/gpu=0", "name=vendor.org/gpu=0,required", "required=1,gpu"])
def test_devices_that_buildkit_takes(device: str) -> None:
    assert report(f"FROM alpine\nRUN --device={device} x\n").steps


@pytest.mark.parametrize("device", ["", "gpu,cpu", "gpu,required=maybe", 'a"b'])
def test_devices_that_buildkit_refuses(device: str) -> None:
    assert "Dockerfile:2" in error(f"FROM alpine\nRUN --device='{device}' x\n")


@pytest.mark.parametrize(
    "flag", ["interval=0", "interval=-0s", "timeout=1h2m3.5s", "retries=+3", "retries=0"]
)
def test_flags_of_healthcheck_that_buildkit_takes(flag: str) -> None:
    assert report(f"FROM alpine\nHEALTHCHECK --{flag} CMD x\n").steps


@pytest.mark.parametrize(
    "flag",
    ["interval=5", "interval=-1s", "timeout=999us", "timeout=300000000h", "retries=-1", "retries=2147483648"],
)
def test_flags_of_healthcheck_that_buildkit_refuses(flag: str) -> None:
    assert "HEALTHCHECK" in error(f"FROM alpine\nHEALTHCHECK --{flag} CMD x\n")


def test_nothing_is_concluded_from_variables_that_an_image_may_set() -> None:
    for instruction in ("EXPOSE ${PORT}/tcp", "VOLUME $DATA", "STOPSIGNAL $X", "ENV A=${B:?no}"):
        assert _refused(instruction) == []
        assert len(_refused(instruction, "FROM scratch")) == 1
    assert len(_refused("RUN --mount=target=/x,mode=1 echo $X")) == 1  # that one is the shell's


def test_nothing_is_concluded_from_the_directory_that_an_image_may_set() -> None:
    assert _refused("RUN --mount=target=. x") == []
    assert len(_refused("RUN --mount=target=. x", "FROM scratch")) == 1
    assert len(_refused("WORKDIR /\nRUN --mount=target=. x")) == 1
    assert _refused("WORKDIR a\nRUN --mount=from=b x") == []
