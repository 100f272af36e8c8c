"""What images weigh, asked of real exports of BuildKit and of images made here."""

from __future__ import annotations

import gzip
import io
import json
import subprocess
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

import stagegraph as sg
from stagegraph.errors import InputError
from stagegraph.formats import formats, render
from stagegraph.graph.report import analyse
from stagegraph.sizes.compare import compare_sizes
from stagegraph.sizes.filesystem import filesystem
from stagegraph.sizes.kinds import cache_of, is_documentation, kept_bytes, secret_of, tool_of
from stagegraph.sizes.layer import read_layer
from stagegraph.sizes.left_behind import left_behind, unknown_steps
from stagegraph.sizes.sizes import Sizes, sizes_of
from stagegraph.sizes.unpacked import Limits
from stagegraph.sizes.usage import CacheRecord, read_usage, usage_of

from . import images
from .conftest import ROOT
from .tools import program

Run = Callable[..., subprocess.CompletedProcess[bytes]]

# the line of each layer; None is the base image
LINES = {
    "nodejs/image.oci.tar": [None, None, 18, 21],
    "nodejs/image.docker.tar": [None, None, 18, 21],
    "link/image.oci.tar": [None, 2, 11, 12, 13, 14],
    "link/zstd.oci.tar": [None, 2, 11, 12, 13, 14],
    "matrix/image.oci.tar": [None, None, 3, 10],
    "matrix/two-platforms.oci.tar": [None, None, 3, 10],
    "scratch/image.oci.tar": [6, 7],
    "wasteful/image.oci.tar": [None, None, None, 3, 4, 5, 6, 7, 8],
}


@pytest.mark.parametrize("path", LINES)
def test_every_layer_has_its_line(path: str, tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, path)
    assert [layer.line for layer in sizes.layers] == LINES[path]
    assert sizes.notes == () or path == "matrix/two-platforms.oci.tar"


@pytest.mark.parametrize("path", LINES)
def test_the_sums_are_those_of_the_manifest_and_of_the_files(path: str, tmp_path: Path) -> None:
    found = images.members(images.files()[path])
    blobs = {name.rpartition("/")[2]: data for name, data in found.items()}
    sizes = images.sizes(tmp_path, path)
    for layer in sizes.layers:
        data = blobs[layer.digest.partition(":")[2]]
        assert layer.packed == len(data)
        assert layer.unpacked == _bytes_of_files(data)
    assert sizes.packed == sum(layer.packed for layer in sizes.layers)
    assert sizes.unpacked == sum(layer.unpacked for layer in sizes.layers)
    assert sizes.in_image == sum(layer.in_image for layer in sizes.layers)


def _bytes_of_files(layer: bytes) -> int:
    if layer[:4] == b"\x28\xb5\x2f\xfd":
        import zstandard

        layer = zstandard.ZstdDecompressor().decompressobj().decompress(layer)
    with tarfile.open(fileobj=io.BytesIO(layer)) as archive:
        return sum(member.size for member in archive if member.isreg())


def test_the_waste_of_the_wasteful_image_is_found_and_nothing_else(tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, "wasteful/image.oci.tar")
    found = [(one.code, one.severity.value, one.line, one.bytes, one.paths) for one in sizes.findings]
    assert found == [
        ("duplicate", "warning", 7, 614_400, ("srv/vendor.js",)),
        ("changed-mode", "warning", 8, 614_400, ("srv/vendor.js",)),
        ("removed-later", "warning", 7, 307_200, ("var/cache/apt/archives/tool.deb",)),
        ("version-control", "info", 5, 40_021, ("srv/.git/HEAD", "srv/.git/pack")),
        ("removed-later", "info", 8, 2, ("srv/src/a.js",)),
        ("secret", "error", 5, 0, ("srv/.env",)),
        ("secret", "error", 5, 0, ("srv/id_rsa",)),
        ("setuid", "info", 8, 0, ("srv/vendor.js",)),
    ]
    assert sizes.wasted == 922_295


@pytest.mark.parametrize("path", [path for path in LINES if not path.startswith(("wasteful", "link"))])
def test_other_images_have_no_findings(path: str, tmp_path: Path) -> None:
    assert images.sizes(tmp_path, path).findings == ()


def test_packages_and_tools_are_counted(tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, "wasteful/image.oci.tar")
    assert sizes.packages == {"dpkg": 7}
    assert sizes.tools["compiler"] == ("/usr/bin/gcc", "/usr/bin/make")
    assert images.sizes(tmp_path, "nodejs/image.oci.tar").packages == {"apk": 3}


def test_what_is_copied_says_from_where(tmp_path: Path) -> None:
    (copied,) = images.sizes(tmp_path, "nodejs/image.oci.tar").copied
    assert (copied.line, copied.label, copied.paths, copied.in_image) == (
        21,
        "builder",
        ("/app/dist",),
        12_288,
    )


def test_the_cache_says_what_stays_behind(tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, "nodejs/image.oci.tar", usage=True)
    assert [(one.label, one.bytes) for one in sizes.left_behind or ()] == [
        ("builder", 733_232),
        ("node:16", 5_371_200),
    ]
    first = render("sizes", sizes, "text").decode().splitlines()[0]
    assert first == (
        "nodejs:1 (linux/amd64): 2.29 MB ship; 6.1 MB stay behind: node:16 5.37 MB, builder 733 kB"
    )


def test_stages_that_an_image_from_scratch_copies_from_stay_behind(tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, "scratch/image.oci.tar", usage=True)
    assert {one.label: one.bytes for one in sizes.left_behind or ()} == {
        "build": 229_400,
        "certs": 32_770,
        "node:16": 5_371_200,
    }


def test_a_stage_that_only_renames_another_is_not_in_the_headline(tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, "matrix/image.oci.tar", usage=True)
    first = render("sizes", sizes, "text").decode().splitlines()[0]
    assert first.endswith("61.4 kB stay behind: build-slim 61.4 kB")


def _cache(*rows: tuple[str, list[str], str, str]) -> tuple[CacheRecord, ...]:
    """Records of the cache: id, parents, size and description."""
    lines = [
        json.dumps({"ID": id_, "Parents": parents, "Size": size, "Type": "regular", "Description": text})
        for id_, parents, size, text in rows
    ]
    return read_usage("\n".join(lines), "du.jsonl")


def _left(text: str, records: tuple[CacheRecord, ...]) -> tuple[dict[str, int | None], list[str]]:
    """What stays behind of the build of a Dockerfile, and what is said about unknown steps."""
    build = sg.read(sg.Source(name="Dockerfile", text=text), sg.Options())
    usage = usage_of(build, records)
    left = {one.label: one.bytes for one in left_behind(build, analyse(build), usage)}
    return left, list(unknown_steps(build, usage))


SHARED = """\
FROM slim AS lint
RUN x
FROM full AS builder
RUN y
FROM slim
COPY --from=builder /y /
COPY --from=lint /x /
"""


def test_a_layer_that_two_images_share_stays_behind_once_and_not_if_it_ships() -> None:
    records = _cache(
        ("a", [], "100B", "pulled from docker.io/library/slim:latest@sha256:1"),
        ("b", ["a"], "20B", "pulled from docker.io/library/full:latest@sha256:2"),
        ("x", ["a"], "3B", "mount / from exec /bin/sh -c x"),
        ("y", ["b"], "4B", "mount / from exec /bin/sh -c y"),
    )
    assert _left(SHARED, records) == ({"lint": 3, "builder": 4, "full": 20}, [])


def test_records_of_equal_steps_with_other_sizes_are_said_to_be_ambiguous() -> None:
    records = _cache(
        ("a", [], "100B", "pulled from docker.io/library/a:latest@sha256:1"),
        ("x", ["a"], "3B", "mount / from exec /bin/sh -c make $V"),
        ("y", ["a"], "4B", "mount / from exec /bin/sh -c make $V"),
    )
    left, words = _left("FROM a AS b\nARG V\nRUN make $V\nFROM scratch\nCOPY --from=b /x /", records)
    assert left == {"a": 100, "b": None}
    assert words == ["the cache has several records of different size that could be `[b 2/2] RUN make $V`"]


def test_steps_that_are_not_in_the_cache_are_named() -> None:
    records = _cache(("a", [], "100B", "pulled from docker.io/library/a:latest@sha256:1"))
    left, words = _left("FROM a AS b\nRUN x\nRUN y\nFROM scratch\nCOPY --from=b /x /", records)
    assert left == {"a": 100, "b": None}
    assert words == ["the cache has no record of `[b 2/3] RUN x` and 1 other step"]


def test_both_forms_of_the_cache_are_the_same() -> None:
    assert images.records("du.verbose.txt") == images.records("du.jsonl")


def test_two_builds_in_one_cache_are_told_apart_by_their_chains() -> None:
    slim = usage_of(images.build("matrix"), images.records())
    full = usage_of(images.build("matrix", VARIANT="full"), images.records())
    assert (slim.steps[2], full.steps[2]) == (61_440, 438_300)
    # COPY of the result of a variant into the same stage: nothing in the records tells which it was
    assert slim.ambiguous == full.ambiguous == {3}


@pytest.mark.parametrize("text", ["", "hello", "{}", "[1]", '{"ID": "a", "Size": "1 potato"}', "[" * 100_000])
def test_text_that_is_not_of_a_cache_is_an_error(text: str) -> None:
    with pytest.raises(InputError, match="record"):
        read_usage(text, "du.txt")


FORMS = ["folder", "gzip", "old", "linked", "docker"]


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_an_archive_gives_the_same(form: str, tmp_path: Path) -> None:
    oci = images.files()["nodejs/image.oci.tar"]
    expected = _comparable(
        images.sizes(tmp_path, "nodejs/image.oci.tar"), packed=form not in ("old", "linked")
    )
    sizes = sizes_of(images.image(_in_form(oci, form, tmp_path)), images.build("nodejs"))
    assert _comparable(sizes, packed=form not in ("old", "linked")) == expected


@pytest.mark.parametrize("kind", ["oci", "oci-archive", "docker-archive"])
def test_an_image_that_skopeo_copies_is_the_same(kind: str, tmp_path: Path) -> None:
    path = images.written(tmp_path, images.files()["nodejs/image.oci.tar"])
    copied = tmp_path / "copied"
    run = [program("skopeo"), "--insecure-policy", "copy", f"oci-archive:{path}", f"{kind}:{copied}:app:1"]
    subprocess.run(run, check=True, capture_output=True)
    packed = kind != "docker-archive"
    expected = _comparable(images.sizes(tmp_path, "nodejs/image.oci.tar"), packed=packed)
    assert _comparable(sizes_of(images.image(str(copied)), images.build("nodejs")), packed=packed) == expected


def _in_form(oci: bytes, form: str, folder: Path) -> str:
    if form == "folder":
        for name, data in images.members(oci).items():
            path = folder / "layout" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        return str(folder / "layout")
    data = {
        "gzip": lambda: gzip.compress(oci),
        "old": lambda: images.old_form(oci),
        "linked": lambda: images.old_form(oci, linked=True),
        "docker": lambda: images.files()["nodejs/image.docker.tar"],
    }[form]()
    return images.written(folder, data, "other.tar")


def _comparable(sizes: Sizes, *, packed: bool) -> Sizes:
    """``sizes`` without names, and without packed sizes where layers are not packed."""
    layers = sizes.layers
    if not packed:
        layers = tuple(replace(layer, packed=0, digest="") for layer in layers)
    return replace(sizes, archive="", name="", packed=sizes.packed if packed else 0, layers=layers)


def test_an_archive_is_read_from_standard_input(stagegraph: Run, tmp_path: Path) -> None:
    dockerfile = images.written(tmp_path, images.files()["nodejs/Dockerfile"], "Dockerfile")
    data = images.files()["nodejs/image.docker.tar"]
    done = stagegraph("sizes", "-", dockerfile, stdin=data)
    assert done.returncode == 0
    assert done.stdout.decode().startswith("app:1 (linux/amd64): 2.29 MB ship\n")


def test_a_platform_is_chosen(tmp_path: Path) -> None:
    path = images.written(tmp_path, images.files()["matrix/two-platforms.oci.tar"])
    assert images.image(path).platform == "linux/amd64"
    assert images.image(path, platform="linux/386").platform == "linux/386"
    with pytest.raises(InputError, match="no image for linux/arm64; it has linux/386, linux/amd64"):
        images.image(path, platform="linux/arm64")


def test_another_dockerfile_gives_no_lines_and_says_so(tmp_path: Path) -> None:
    path = images.written(tmp_path, images.files()["scratch/image.oci.tar"])
    sizes = sizes_of(images.image(path), images.build("nodejs"))
    assert [layer.line for layer in sizes.layers] == [None, None]
    assert sizes.dockerfile == ""
    (note,) = sizes.notes
    assert note.startswith("Dockerfile:18: this Dockerfile did not make the image: the image has `COPY")


def _schema() -> dict[str, object]:
    schema: dict[str, object] = json.loads((ROOT / "docs/sizes.schema.json").read_text("utf-8"))
    return schema


@pytest.mark.parametrize("path", LINES)
def test_the_json_follows_its_schema(path: str, tmp_path: Path) -> None:
    data = json.loads(render("sizes", images.sizes(tmp_path, path, usage=True), "json"))
    jsonschema.Draft202012Validator(_schema()).validate(data)


def test_a_comparison_says_what_grew(tmp_path: Path) -> None:
    before = images.sizes(tmp_path, "matrix/image.oci.tar")
    after = images.sizes(tmp_path, "nodejs/image.oci.tar")
    comparison = compare_sizes(before, after)
    assert [(one.name, one.grown) for one in comparison.lines] == [
        ("COPY /app/out/ /app/ # buildkit", -30_720),
        ("COPY /app/dist ./dist # buildkit", 12_288),
    ]
    text = render("sizes --compare", comparison, "text").decode()
    assert text.startswith("2.29 MB ship, 18.4 kB less than before (2.31 MB)\n")
    data = json.loads(render("sizes --compare", comparison, "json"))
    schema = {"$ref": "#/$defs/comparison", "$defs": _schema()["$defs"]}
    jsonschema.Draft202012Validator(schema).validate(data)


def test_an_image_is_equal_to_itself(tmp_path: Path) -> None:
    sizes = images.sizes(tmp_path, "link/image.oci.tar")
    comparison = compare_sizes(sizes, sizes)
    assert (comparison.lines, comparison.folders) == ((), ())


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--fail-over", "2MB"], 3, "2.29 MB ship; the limit is 2 MB\n"),
        (["--fail-over", "3 MB"], 0, ""),
        (["--fail-over", "2 MiB"], 3, "2.29 MB ship; the limit is 2.1 MB\n"),
        (["--fail-wasted", "1%"], 0, ""),
    ],
)
def test_limits_set_the_exit_code(
    options: list[str], code: int, message: str, stagegraph: Run, tmp_path: Path
) -> None:
    path = images.written(tmp_path, images.files()["nodejs/image.docker.tar"])
    done = stagegraph("sizes", path, *options)
    assert (done.returncode, done.stderr.decode()) == (code, message)


def test_a_wasteful_image_exceeds_its_limit(stagegraph: Run, tmp_path: Path) -> None:
    path = images.written(tmp_path, images.files()["wasteful/image.oci.tar"])
    done = stagegraph("sizes", path, "--fail-wasted", "5%")
    assert done.returncode == 3
    assert done.stderr.decode() == "later layers hide 17% of the bytes; the limit is 5%\n"


# --- small images made here


def _layers(*contents: Mapping[str, bytes | tarfile.TarInfo]) -> tuple[bytes, ...]:
    return tuple(images.tar_of(one) for one in contents)


def _visible(folder: Path, *contents: Mapping[str, bytes | tarfile.TarInfo]) -> dict[str, int]:
    """The regular files of an image with these layers, with their sizes."""
    image = images.image(images.written(folder, images.image_of(*_layers(*contents))))
    files = filesystem(image.layers)
    return {files.name(at): files.size(at) for at in files.visible}


def _folder(name: str) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.type = tarfile.DIRTYPE
    return member


def test_a_whiteout_removes_a_file_and_a_folder(tmp_path: Path) -> None:
    below = {"a": b"1", "d/x": b"22", "d/e/y": b"333", "keep": b"4444"}
    assert _visible(tmp_path, below, {".wh.a": b"", ".wh.d": b""}) == {"keep": 4}


def test_a_whiteout_leaves_what_its_own_layer_writes(tmp_path: Path) -> None:
    assert _visible(tmp_path, {"d/x": b"1"}, {".wh.d": b"", "d/y": b"22"}) == {"d/y": 2}


def test_an_opaque_folder_hides_what_is_below_it(tmp_path: Path) -> None:
    assert _visible(tmp_path, {"d/x": b"1", "e": b"2"}, {"d/.wh..wh..opq": b"", "d/y": b"22"}) == {
        "e": 1,
        "d/y": 2,
    }


def test_a_file_in_place_of_a_folder_hides_all_of_it(tmp_path: Path) -> None:
    assert _visible(tmp_path, {"d/x": b"1", "d/e/y": b"2"}, {"d": b"333"}) == {"d": 3}


def test_a_folder_in_place_of_a_file_hides_what_the_file_hid(tmp_path: Path) -> None:
    assert _visible(tmp_path, {"d/x": b"1"}, {"d": b"22"}, {"d": _folder("d")}) == {}


def test_a_hard_link_keeps_the_bytes_of_what_is_removed(tmp_path: Path) -> None:
    linked: Mapping[str, bytes | tarfile.TarInfo] = {
        "a": b"12345",
        "b": images.link("b", "a", tarfile.LNKTYPE),
    }
    assert _visible(tmp_path, linked, {".wh.a": b""}) == {"a": 5}


def _sparse_layer(folder: Path, form: str) -> bytes:
    """A layer with files of 1 MB that have a few bytes at different places: two are equal."""
    made = {"a": (b"one", 500_000), "b": (b"two", 500_000), "c": (b"one", 700_000), "d": (b"one", 500_000)}
    for name, (data, at) in made.items():
        with (folder / name).open("wb") as file:
            file.seek(at)
            file.write(data)
            file.truncate(1_000_000)
    run = [
        program("tar"),
        "--sparse",
        "--hole-detection=raw",
        f"--format={form}",
        "-cf",
        "-",
        "-C",
        str(folder),
        *made,
    ]
    return subprocess.run(run, check=True, capture_output=True).stdout


@pytest.mark.parametrize("form", ["gnu", "posix"])
def test_sparse_files_have_their_full_size_and_are_equal_only_with_equal_bytes(
    form: str, tmp_path: Path
) -> None:
    layer = _sparse_layer(tmp_path, form)
    assert len(layer) < 100_000
    found = sizes_of(images.image(images.written(tmp_path, images.image_of(layer))))
    assert found.unpacked == 4_000_000
    assert [(one.code, one.paths, one.bytes) for one in found.findings] == [("duplicate", ("d",), 1_000_000)]


def test_the_last_of_two_files_of_one_name_counts(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for content in (b"1", b"22"):
            member = tarfile.TarInfo("a")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    image = images.image(images.written(tmp_path, images.image_of(buffer.getvalue())))
    files = filesystem(image.layers)
    assert [files.size(at) for at in files.visible] == [2]


_NAMES = st.sampled_from(["a", "b", "a/b", "a/c", "a/b/c", "b/c"])
_ENTRIES = st.tuples(st.sampled_from(["file", "folder", "whiteout", "opaque"]), _NAMES)


@given(st.lists(st.lists(_ENTRIES, max_size=4, unique_by=lambda entry: entry[1]), max_size=4))
def test_the_files_are_those_of_applying_one_layer_after_the_other(
    layers: list[list[tuple[str, str]]],
) -> None:
    read = []
    for entries in layers:
        data = images.tar_of({name: member for entry in entries for name, member in [_member(*entry)]})
        read.append(read_layer(io.BytesIO(data).read, Limits(), lambda *_: 0))
    files = filesystem(read)
    assert {(at.layer, files.name(at)) for at in files.visible} == _applied(layers)


def _member(kind: str, name: str) -> tuple[str, bytes | tarfile.TarInfo]:
    folder, slash, last = name.rpartition("/")
    members: dict[str, tuple[str, bytes | tarfile.TarInfo]] = {
        "file": (name, b"x"),
        "folder": (name, _folder(name)),
        "whiteout": (f"{folder}{slash}.wh.{last}", b""),
        "opaque": (f"{name}/.wh..wh..opq", b""),
    }
    return members[kind]


def _applied(layers: list[list[tuple[str, str]]]) -> set[tuple[int, str]]:
    """The regular files after applying each layer to a tree of files, with the layer that wrote them."""
    tree: dict[str, tuple[int, str]] = {}
    for number, entries in enumerate(layers):
        tree = {path: one for path, one in tree.items() if not any(_removes(*e, path) for e in entries)}
        tree |= {name: (number, kind) for kind, name in entries if kind in ("file", "folder")}
    return {(number, path) for path, (number, kind) in tree.items() if kind == "file"}


def _removes(kind: str, name: str, path: str) -> bool:
    """Whether an entry of a layer removes the file at ``path`` of the layers below."""
    is_below = path.startswith(f"{name}/")
    return is_below if kind in ("file", "opaque") else kind == "whiteout" and (is_below or path == name)


# --- what files are


@pytest.mark.parametrize(
    ("path", "manager"),
    [
        ("var/cache/apt/archives/a.deb", "apt"),
        ("var/lib/apt/lists/deb.debian.org_main", "apt"),
        ("root/.cache/pip/http/a", "pip"),
        ("home/app/.npm/_cacache/index", "npm"),
        ("root/.cache/go-build/00/a", "go"),
        ("root/.m2/repository/a.jar", "maven"),
    ],
)
def test_caches_of_package_managers(path: str, manager: str) -> None:
    cache = cache_of(path)
    assert cache is not None
    assert cache.manager == manager


@pytest.mark.parametrize(
    "path", ["app/cache/x", "usr/lib/pip/cache.py", "app/.npmrc", "var/lib/apt/extended"]
)
def test_other_paths_are_no_caches(path: str) -> None:
    assert cache_of(path) is None


@pytest.mark.parametrize(
    ("path", "head", "secret"),
    [
        ("app/.env", b"A=1", "an environment file"),
        ("app/.env.production", b"A=1", "an environment file"),
        ("app/.env.example", b"A=1", ""),
        ("root/.ssh/id_ed25519", b"", "a private key"),
        ("etc/ssl/tls.pem", b"-----BEGIN RSA PRIVATE KEY-----\nMII", "a private key"),
        ("etc/ssl/ca.pem", b"-----BEGIN CERTIFICATE-----\nMII", ""),
        ("app/node_modules/x/key.pem", b"-----BEGIN PRIVATE KEY-----", ""),
        ("app/testdata/key.pem", b"-----BEGIN PRIVATE KEY-----", ""),
        ("root/.npmrc", b"//registry.npmjs.org/:_authToken=x", "a token of npm"),
        ("root/.npmrc", b"registry=https://registry.npmjs.org", ""),
        ("root/.aws/credentials", b"aws_secret_access_key = x", "credentials of AWS"),
        ("app/credentials", b"aws_secret_access_key = x", ""),
        ("app/config.json", b'{"auths": {}}', ""),
        ("root/.docker/config.json", b'{"auths": {"a": {}}}', "credentials of a registry"),
        ("app/service-account.json", b'{"private_key": "x"}', "credentials of a service account"),
    ],
)
def test_secrets_by_name_and_first_bytes(path: str, head: bytes, secret: str) -> None:
    assert secret_of(path, head if kept_bytes(path, head) else b"") == secret


def test_documentation_and_tests_of_packages() -> None:
    assert is_documentation("usr/share/doc/a/copyright")
    assert is_documentation("app/node_modules/a/test/b.js")
    assert is_documentation("usr/lib/python3/site-packages/numpy/tests/a.py")
    assert not is_documentation("app/test/a.js")
    assert not is_documentation("app/node_modules/test/index.js")


def test_tools_are_programs_in_the_folders_for_programs() -> None:
    assert tool_of("usr/bin/gcc") == "compiler"
    assert tool_of("bin/sh") == "shell"
    assert tool_of("app/gcc") == tool_of("usr/bin/node") == ""


# --- hostile archives


def _error(folder: Path, data: bytes) -> str:
    with pytest.raises(InputError) as error:
        images.image(images.written(folder, data))
    text = str(error.value)
    assert text.isprintable() or "\n" in text
    return text


def test_a_layer_that_does_not_match_its_digest_is_an_error(tmp_path: Path) -> None:
    contents: dict[str, bytes | tarfile.TarInfo] = dict(
        images.members(images.image_of(*_layers({"a": b"1"})))
    )
    contents["0/layer.tar"] = images.tar_of({"b": b"2"})
    assert "layer 1 of 1 does not match its digest or size" in _error(tmp_path, images.tar_of(contents))


def test_a_manifest_that_does_not_match_its_digest_is_an_error(tmp_path: Path) -> None:
    found = images.members(images.files()["scratch/image.oci.tar"])
    index = json.loads(found["index.json"])
    name = "blobs/" + index["manifests"][0]["digest"].replace(":", "/")
    contents: dict[str, bytes | tarfile.TarInfo] = {**found, name: found[name] + b" "}
    assert "does not match its digest" in _error(tmp_path, images.tar_of(contents))


@pytest.mark.parametrize("cut", [0, 1, 600, 100_000, 200_000])
def test_a_truncated_archive_is_an_error(cut: int, tmp_path: Path) -> None:
    data = images.files()["scratch/image.oci.tar"][:cut]
    assert "archive" in _error(tmp_path, data)


def test_a_layer_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    contents: dict[str, bytes | tarfile.TarInfo] = dict(
        images.members(images.image_of(*_layers({"a": b"1"})))
    )
    del contents["0/layer.tar"]
    assert "layer 1 of 1 is not in the archive (0/layer.tar)" in _error(tmp_path, images.tar_of(contents))


def test_links_in_a_circle_lead_to_no_layer(tmp_path: Path) -> None:
    contents: dict[str, bytes | tarfile.TarInfo] = dict(
        images.members(images.image_of(*_layers({"a": b"1"})))
    )
    contents["0/layer.tar"] = images.link("0/layer.tar", "../x")
    contents["x"] = images.link("x", "0/layer.tar")
    assert "is not in the archive" in _error(tmp_path, images.tar_of(contents))


def test_a_layer_that_swells_is_an_error(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=9) as packed:
        member = tarfile.TarInfo("zeros")
        member.size = 3 * 1024**3
        packed.write(member.tobuf())
        block = bytes(1024 * 1024)
        for _ in range(1200):
            packed.write(block)
    assert "grows more than 500 times by unpacking" in _error(tmp_path, images.image_of(buffer.getvalue()))


def test_a_header_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    member = tarfile.TarInfo("x")
    member.type, member.size = tarfile.XHDTYPE, 1024**3
    layer = member.tobuf() + bytes(1024)
    assert "a header is too large" in _error(tmp_path, images.image_of(layer))


def test_names_that_lead_out_of_the_image_stay_in_it(tmp_path: Path) -> None:
    layers = [{"../../etc/passwd": b"1", "/abs": b"22", "a/../../b": b"333"}]
    assert _visible(tmp_path, *layers) == {"etc/passwd": 1, "abs": 2, "b": 3}


def test_text_of_an_image_is_printed_without_control_characters(tmp_path: Path) -> None:
    name = "app/.git/\x1b[31m|<img src=x>`\n::stop-commands::x"
    history: list[dict[str, object]] = [{"created_by": "RUN \x1b]0;x\x07 ::error::<b>`|"}]
    path = images.written(tmp_path, images.image_of(*_layers({name: b"12345"}), history=history))
    sizes = sizes_of(images.image(path))
    for command in formats("sizes"):
        text = render("sizes", sizes, command).decode()
        assert "\x1b" not in text
        assert "\x07" not in text
        assert not any(line.lstrip(" +-").startswith("::") for line in text.splitlines())
    markdown = render("sizes", sizes, "markdown").decode()
    cells = [cell for line in markdown.splitlines() for cell in line.split(" | ")]
    assert not any("<" in part for cell in cells for part in cell.split("`")[::2])


def test_many_whiteouts_remove_nothing_that_is_not_there(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for number in range(20_000):
            archive.addfile(tarfile.TarInfo(f"d{number % 100}/.wh.{number}"))
    layer = buffer.getvalue()
    image = images.image(images.written(tmp_path, images.image_of(layer, layer, layer)))
    assert list(filesystem(image.layers).visible) == []


@given(st.binary(max_size=3000))
def test_any_bytes_give_an_error(data: bytes) -> None:
    import tempfile

    with tempfile.TemporaryDirectory() as folder, pytest.raises(InputError):
        images.image(images.written(Path(folder), data))


@given(st.integers(0, 40_000), st.binary(min_size=1, max_size=40))
def test_damaged_archives_give_a_result_or_an_error(at: int, patch: bytes) -> None:
    import tempfile

    data = bytearray(images.image_of(*_layers({"a": b"1" * 9000, "b/c": b"2"}, {".wh.a": b""})))
    at = min(at, len(data) - len(patch))
    data[at : at + len(patch)] = patch
    with tempfile.TemporaryDirectory() as folder:
        try:
            image = images.image(images.written(Path(folder), bytes(data)))
        except InputError:
            return
        assert sizes_of(image).unpacked >= 0


def _codes(folder: Path, *layers: bytes) -> list[tuple[str, int, tuple[str, ...]]]:
    sizes = sizes_of(images.image(images.written(folder, images.image_of(*layers))))
    return [(one.code, one.bytes, one.paths) for one in sizes.findings]


def _owned(name: str, data: bytes, mode: int) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(data), mode
    return member.tobuf() + data + bytes(-len(data) % 512) + bytes(1024)


def test_an_empty_file_that_is_removed_wastes_nothing(tmp_path: Path) -> None:
    assert _codes(tmp_path, *_layers({"a": b""}, {".wh.a": b""})) == []


def test_the_same_file_again_is_not_called_a_change_of_mode(tmp_path: Path) -> None:
    first, other = _owned("a", b"12345", 0o644), _owned("a", b"12345", 0o600)
    assert _codes(tmp_path, first, first) == [("same-content", 5, ("a",))]
    assert _codes(tmp_path, first, other) == [("changed-mode", 5, ("a",))]


def test_files_of_a_cache_with_hard_links_outside_would_not_be_saved(tmp_path: Path) -> None:
    cache = "opt/conda/pkgs/x/lib.so"
    contents: dict[str, bytes | tarfile.TarInfo] = {
        cache: b"1" * 9000,
        "opt/conda/lib/lib.so": images.link("opt/conda/lib/lib.so", cache, tarfile.LNKTYPE),
        "opt/conda/pkgs/x/other": b"2" * 100,
    }
    assert _codes(tmp_path, images.tar_of(contents)) == [("package-cache", 100, ("opt/conda/pkgs/x/other",))]


def test_modules_for_testing_that_programs_import_are_not_tests() -> None:
    assert not is_documentation("usr/lib/python3/site-packages/numpy/testing/__init__.py")


def test_the_line_of_a_cache_that_cannot_be_read_is_named() -> None:
    good = json.dumps(
        {"ID": "a", "Size": "1kB", "Description": "next line \x85 in a text"}, ensure_ascii=False
    )
    assert len(read_usage(f"{good}\n{good}", "du.jsonl")) == 2
    with pytest.raises(InputError, match="line 3 is not a record of a cache"):
        read_usage(f'{good}\n\n{{"ID": "b", "Size": null}}', "du.jsonl")


def test_a_layer_without_an_instruction_in_history_has_no_line(tmp_path: Path) -> None:
    history: list[dict[str, object]] = [
        {"created_by": "ADD x /"},
        {"created_by": "RUN /bin/sh -c make", "empty_layer": True},
        {"comment": "merge sha256:1 to sha256:2"},
    ]
    squashed = images.image_of(*_layers({"base": b"1"}, {"made": b"22"}), history=history)
    build = sg.read(sg.Source(name="Dockerfile", text="FROM b\nRUN make"), sg.Options())
    sizes = sizes_of(images.image(images.written(tmp_path, squashed)), build)
    assert [layer.line for layer in sizes.layers] == [None, None]
    assert "the image has a layer without an instruction in place of `RUN make`" in sizes.notes[0]
