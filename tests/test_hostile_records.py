"""Truncated, damaged, forged and wrong files: one clear error, or the part that could be read."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import stagegraph as sg
from stagegraph.records import reading, record
from stagegraph.records.reading import records_of

from . import builds
from .bundles import OLD_STATUS, STATUS, bundle, packed, repeating_bundle, unpacked
from .strategies import examples

BUNDLE = builds.files()["target/cold.dockerbuild"]
STREAM = builds.files()["target/cold.rawjson.jsonl"]
LOG = builds.files()["target/cold.plain.log"]


def read(data: bytes) -> list[sg.Record]:
    return records_of(io.BytesIO(data), "record")


def error(data: bytes) -> str:
    with pytest.raises(sg.InputError) as raised:
        read(data)
    return str(raised.value)


def status_of(data: bytes) -> bytes:
    """The frames of the real bundle ``data``."""
    blobs = {m.name: content for m, content in unpacked(data)}
    for content in blobs.values():
        found = json.loads(content) if content[:1] == b"{" else {}
        for layer in found.get("layers", ()):
            if layer["mediaType"] == STATUS:
                return blobs["blobs/sha256/" + layer["digest"][7:]]
    raise AssertionError


FRAMES = status_of(BUNDLE)


def test_a_bundle_that_ends_in_the_middle_is_an_error_or_a_part() -> None:
    for length in range(2, len(BUNDLE), 97):
        try:
            (record,) = read(BUNDLE[:length])
        except sg.InputError:
            continue
        assert record.notes


def test_a_bundle_that_is_not_gzip_after_its_first_bytes_is_damaged() -> None:
    assert error(b"\x1f\x8b" + b"x" * 100).startswith("record: the archive is damaged: ")


def test_an_archive_of_something_else_is_not_a_bundle() -> None:
    data = packed([(tarfile.TarInfo("README.md"), b"hello")])
    assert error(data) == (
        "record: the archive has no index.json, so it is not a bundle\n"
        "hint: create a bundle with docker buildx history export --finalize -o build.dockerbuild"
    )


def test_names_that_lead_elsewhere_and_links_have_no_effect(tmp_path_factory: pytest.TempPathFactory) -> None:
    members = unpacked(BUNDLE)
    for name in (
        "../../evil",
        "/etc/evil",
        "blobs/sha256/../../../evil",
        "blobs/sha256/" + "a" * 64 + "/../x",
    ):
        members.append((tarfile.TarInfo(name), b"evil"))
    link, device = tarfile.TarInfo("blobs/sha256/" + "b" * 64), tarfile.TarInfo("blobs/sha256/" + "c" * 64)
    link.type, link.linkname, device.type = tarfile.SYMTYPE, "/etc/passwd", tarfile.CHRTYPE
    hard = tarfile.TarInfo("index.json")
    hard.type, hard.linkname = tarfile.LNKTYPE, "/etc/passwd"
    members += [(link, b""), (device, b""), (hard, b"")]
    assert read(packed(members))[0].vertices == read(BUNDLE)[0].vertices


def test_a_bomb_is_refused_when_it_grows_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_UNPACKED", 1 << 20)
    member = tarfile.TarInfo("blobs/sha256/" + "a" * 64)
    assert "the archive unpacks to more than 1 MiB" in error(packed([(member, b"\0" * (4 << 20))]))
    other = tarfile.TarInfo("elsewhere")  # not looked at, but it has to be unpacked
    assert "the archive unpacks to more than 1 MiB" in error(packed([(other, b"\0" * (4 << 20))]))


def test_a_stream_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "MOST_BYTES", 1 << 20)
    assert "the file is larger than the limit of 1 MiB for a record" in error(b"#1 x\n" * (1 << 19))


def test_a_blob_that_does_not_match_its_digest_is_left_out() -> None:
    members = [
        (m, content.replace(b"linux/amd64", b"linux/arm64") if b"FrontendAttrs" in content else content)
        for m, content in unpacked(BUNDLE)
    ]
    (record,) = read(packed(members))
    assert record.vertices == read(BUNDLE)[0].vertices
    assert record.span is None
    assert [note for note in record.notes if "does not match its digest and was skipped" in note]


def test_frames_that_are_cut_keep_what_came_before() -> None:
    (record,) = read(bundle([(STATUS, FRAMES + FRAMES[:-9])]))
    assert record.vertices == read(BUNDLE)[0].vertices
    assert record.notes == ("the last status frame is truncated",)


@pytest.mark.parametrize(
    "data", [b"garbage", struct.pack("<I", 1 << 31) + b"x", struct.pack("<I", 3) + b"\xff" * 3]
)
def test_protobuf_garbage_is_an_error(data: bytes) -> None:
    assert "this file is not the record of a build" in error(bundle([(STATUS, data)]))


def test_an_index_that_names_itself_ends() -> None:
    assert "no record of a build" in error(bundle([], index={"manifests": "no list"}))
    assert "no record of a build" in error(bundle([], index={"manifests": [{"digest": 3}, None, []]}))


def test_a_bundle_of_2024_is_read() -> None:
    """Docker Desktop's: the last state of each vertex as JSON, times as text, no frames."""
    vertexes = [
        {"digest": "sha256:1", "name": "[1/2] FROM docker.io/library/alpine:3.20@sha256:" + "0" * 64}
        | {"started": "2024-08-01T10:00:00.5Z", "completed": "2024-08-01T10:00:02Z"},
        {"digest": "sha256:2", "name": "[2/2] RUN make", "inputs": ["sha256:1"]}
        | {"started": "2024-08-01T10:00:02Z", "completed": "2024-08-01T10:00:05.25Z"},
    ]
    config = {
        "Ref": "abc",
        "FrontendAttrs": {"target": "", "build-arg:A": "1"},
        "CreatedAt": "2024-08-01T10:00:00Z",
        "CompletedAt": "2024-08-01T10:00:06.5Z",
    }
    data = bundle([(OLD_STATUS, json.dumps({"vertexes": vertexes}).encode())], config)
    (record,) = read(data)
    found = sg.measure(record, sg.Source(name="Dockerfile", text="FROM alpine:3.20\nRUN make\n"))
    assert found.wall == 6_500_000_000
    assert [step.lines for step in found.steps] == [(1,), (2,)]
    assert [step.duration for step in found.steps] == [1_500_000_000, 3_250_000_000]
    assert record.options is not None
    assert record.options.build_args == {"A": "1"}


def test_a_file_of_another_tool_is_not_a_record() -> None:
    for text in (
        "",
        "\n\n",
        "hello\n# a heading\n#1 is a number\n",
        "==1==ERROR: AddressSanitizer\n    #0 0x4a in main a.c:1\n#1 0x4b in start b.c:2\n",
        '{"level":"info","message":"#1 [internal] load"}\n' * 3,
        "[1, 2]",
        '{"vertexes": null}\n',
    ):
        assert error(text.encode()).startswith("record: this file is not the record of a build")


def test_events_of_wrong_shapes_are_counted_and_left_out() -> None:
    wrong: list[object] = [
        {"vertexes": 3},
        {"vertexes": [3]},
        {"vertexes": [{"digest": "a", "started": "yesterday"}]},
        {"vertexes": [{"digest": "a", "inputs": 7}]},
        {"statuses": [{"id": "x", "current": "many"}]},
        {"vertexes": [{"digest": "a", "progressGroup": "g"}]},
    ]
    lines = [json.dumps(event) for event in wrong] + [
        '{"statuses":[{"current":1e999}]}',
        "{" * 100_000,
        '{"a":',
    ]
    (record,) = read(STREAM + "\n".join(lines).encode())
    assert record.notes == (f"{len(lines)} lines could not be read as events",)
    assert record.vertices == read(STREAM)[0].vertices


def test_an_interrupted_build_says_so() -> None:
    half = b"\n".join(STREAM.splitlines()[: len(STREAM.splitlines()) // 2])
    found = sg.measure(read(half)[0], builds.dockerfile("target/"))
    assert found.interrupted
    assert found.path


def measured(data: bytes) -> None:
    """Whatever is read: an InputError, or records that are measured and rendered whole."""
    with suppress(sg.InputError):
        for record in read(data):
            for source in (None, builds.dockerfile("target/")):
                found = sg.measure(record, source)
                assert len(found.steps) == len(record.vertices)
                for render in RENDERERS:
                    with suppress(*() if found.wall is not None else (sg.RenderError,)):
                        render(found)


def _renderers() -> list[Callable[[sg.Timings], str]]:
    from stagegraph.formats.timings_json import render as timings_json
    from stagegraph.formats.timings_markdown import render as timings_markdown
    from stagegraph.formats.timings_perfetto import render as perfetto
    from stagegraph.formats.timings_text import render as timings_text

    return [timings_text, timings_json, timings_markdown, perfetto]


RENDERERS = _renderers()


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"\x1f\x8b\x08", b"PK\x03\x04", b"\xff\xfe", b'{"', b"#1 "]),
)
def test_any_bytes_give_a_result_or_an_error(data: bytes, head: bytes) -> None:
    measured(head + data)
    measured(gzip.compress(data))
    measured(bundle([(STATUS, data)]))


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """``data`` with some bytes changed, moved, doubled or gone."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, max(0, len(found) - 1)))
        length = draw(st.integers(0, 40))
        how = draw(st.sampled_from(["cut", "change", "double", "insert"]))
        if how == "cut":
            del found[at : at + length]
        elif how == "change":
            found[at : at + 1] = draw(st.binary(min_size=1, max_size=1))
        elif how == "double":
            found[at:at] = found[at : at + length * 20]
        else:
            found[at:at] = draw(st.binary(max_size=8))
    return bytes(found)


@examples(0.5)
@given(mutated(STREAM))
def test_a_mutated_stream_is_measured_or_refused(data: bytes) -> None:
    measured(data)


@examples(0.5)
@given(mutated(LOG))
def test_a_mutated_log_is_measured_or_refused(data: bytes) -> None:
    measured(data)


PREFIXES = [
    "12:00:07  ",
    "[api] ",
    'Step #1 - "build": ',
    "api-1  | ",
    "[build:12] ",
    "\x1b_bk;t=1\x07",
    "#1 ",
]


@examples(0.5)
@given(mutated(LOG), st.lists(st.sampled_from(PREFIXES) | st.text(max_size=8), min_size=1, max_size=3))
def test_a_mutated_log_behind_prefixes_is_measured_or_refused(data: bytes, prefixes: list[str]) -> None:
    lines = data.splitlines(keepends=True)
    every = [prefix.encode("utf-8", "replace") for prefix in prefixes]
    measured(b"".join(every[n % len(every)] + line for n, line in enumerate(lines)))


@examples(0.5)
@given(mutated(FRAMES))
def test_mutated_frames_are_measured_or_refused(data: bytes) -> None:
    measured(bundle([(STATUS, data)]))


@examples(0.5)
@given(mutated(BUNDLE))
def test_a_mutated_bundle_is_measured_or_refused(data: bytes) -> None:
    measured(data)


@examples(0.2)
@given(mutated(zlib.decompress(BUNDLE, 31)))
def test_a_mutated_archive_is_measured_or_refused(data: bytes) -> None:
    measured(gzip.compress(data, 1))


KEYS = [
    *("Ref", "FrontendAttrs", "error", "CreatedAt", "CompletedAt", "DefaultPlatform", "config", "layers"),
    *("buildDefinition", "runDetails", "metadata", "buildConfig", "predicate", "digestMapping", "manifests"),
]
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@examples(0.5)
@given(st.data())
def test_json_of_any_shape_in_a_bundle_is_measured_or_refused(data: st.DataObject) -> None:
    """The configuration, the provenance and the index, with parts of any type."""
    keys = st.sampled_from(KEYS)
    anything = st.dictionaries(keys, _JSON | st.dictionaries(keys, _JSON, max_size=3), max_size=5)
    provenance = json.dumps(data.draw(anything)).encode()
    measured(
        bundle(
            [(STATUS, FRAMES), ("application/vnd.in-toto+json", provenance)],
            config=data.draw(anything | _JSON),
            index=data.draw(st.none() | anything),
        )
    )


def test_what_an_index_repeats_is_read_once() -> None:
    (one,) = read(repeating_bundle(2000, 2000))
    assert len(one.vertices) == 1


def test_a_bundle_of_too_many_builds_is_refused() -> None:
    members = unpacked(bundle([]))
    name, content = next((m.name, c) for m, c in members if b'"config"' in c)
    members = [(m, c) for m, c in members if m.name not in (name, "index.json")]
    digests = []
    for number in range(1001):
        data = content + b" " * number
        digests.append(hashlib.sha256(data).hexdigest())
        members.append((tarfile.TarInfo(f"blobs/sha256/{digests[-1]}"), data))
    index = json.dumps({"manifests": [{"digest": f"sha256:{digest}"} for digest in digests]}).encode()
    message = error(packed([*members, (tarfile.TarInfo("index.json"), index)]))
    assert (
        message == "record: the archive holds more than 1,000 builds\nhint: check that this is the right file"
    )


def test_frames_of_too_many_steps_are_refused() -> None:
    vertex = b"\n\x06" + b"\n\x04%04x"  # StatusResponse.vertexes of one Vertex.digest
    message = b"".join(vertex % number for number in range(65_536))
    more = b"".join((vertex % number).replace(b"%", b"x").upper() for number in range(65_536))
    frames = b"".join(struct.pack("<I", len(one)) + one for one in (message, more))
    assert "the file holds more than 100,000 steps" in error(bundle([(STATUS, frames)]))
    assert "a status frame is too large" in error(bundle([(STATUS, struct.pack("<I", 1 << 25) + b"x")]))


def test_a_log_of_too_many_steps_is_refused() -> None:
    log = b"".join(b"#%d [internal] load\n" % number for number in range(1, 100_010))
    assert "the file holds more than 100,000 steps" in error(log)


@pytest.mark.parametrize("swollen", [b"[" + b"[]," * 500_000 + b"[]]", b'{"a":"' + b"x" * (17 << 20) + b'"}'])
def test_json_that_swells_is_left_out(swollen: bytes) -> None:
    (one,) = read(bundle([(STATUS, FRAMES), ("application/vnd.in-toto+json", swollen)]))
    assert one.notes == ("a blob of JSON is too large and was skipped",)
    assert one.vertices


def test_an_event_that_swells_is_left_out() -> None:
    (one,) = read(STREAM + b'{"vertexes":[' + b"[]," * 500_000 + b"[]]}\n")
    assert one.notes == ("1 line could not be read as events",)


def test_an_archive_of_too_many_files_is_refused() -> None:
    archive = tarfile.TarInfo("x").tobuf() * 50_010
    assert "the archive holds more than 50,000 files" in error(gzip.compress(archive, 1))


def test_bundles_in_a_zip_share_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "MOST_UNPACKED", 4 << 20)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(8):
            member = packed([(tarfile.TarInfo("elsewhere"), b"\0" * (1 << 20)), *unpacked(BUNDLE)])
            archive.writestr(f"{number}.dockerbuild", member)
    assert "the archive unpacks to more than 4 MiB" in error(out.getvalue())


def test_two_vertices_that_name_no_step_of_each_other_are_measured() -> None:
    vertexes = [
        {"digest": "a", "name": "[1/1] RUN x", "inputs": ["b"]},
        {"digest": "b", "name": "[internal] load build definition from Dockerfile", "inputs": ["a"]},
    ]
    measured(json.dumps({"vertexes": vertexes}).encode())
    measured(json.dumps({"vertexes": [{**one, "inputs": []} for one in vertexes]}).encode())


NUMBERS = ["1e400", "-1", "-1e400", "1e308", "0", str(2**63), str(2**80), "9" * 400, "9" * 5000, "NaN"]
NUMBERS += ["-Infinity", "null", "true", '"x"', "[]", "{}", "1.5", '"9999-12-31T23:59:59.9Z"']
NUMBERS += ['"0001-01-01T00:00:00Z"', '"0001-01-01T00:00:00+14:00"', '"2024-08-01T10:00:00Z"']


@examples(0.5)
@given(st.lists(st.sampled_from(NUMBERS), min_size=9, max_size=9))
def test_numbers_of_any_size_are_measured_or_refused(numbers: list[str]) -> None:
    vertex, status = (
        '{{"digest":"a","name":"[1/2] FROM a","started":{0},"completed":{1},"cached":{2}}}',
        '{{"id":"sha256:a","vertex":"a","current":{3},"total":{4},"timestamp":{5}}}',
    )
    line = f'{{"vertexes":[{vertex.format(*numbers)}],"statuses":[{status.format(*numbers)}]}}'.encode()
    measured(line)
    seconds = '{{"Ref":"r","CreatedAt":{{"seconds":{6},"nanos":{7}}},"CompletedAt":{{"seconds":{8}}}}}'
    config = seconds.format(*numbers).encode()
    for one in (line, FRAMES):
        kind = STATUS if one is FRAMES else OLD_STATUS
        measured(bundle([(kind, one)], config=config))


@given(st.sampled_from(["9" * 5, "9" * 9, "9" * 30, "9" * 400, "1." + "9" * 400, "0.0"]))
def test_a_log_of_numbers_of_any_size_is_measured_or_refused(number: str) -> None:
    lines = [
        f"DONE {number}s",
        f"{number} output",
        f"sha256:a {number}TB / 1TB",
        f"transferring a: {number}GB",
    ]
    for line in lines:
        measured(f"#1 [internal] load build definition\n#1 DONE 0.0s\n#2 [1/1] RUN x\n#2 {line}\n".encode())
