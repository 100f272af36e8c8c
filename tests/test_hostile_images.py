"""Archives of images that are made to exhaust a reader: each gives a result or one clear error."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stagegraph.errors import InputError
from stagegraph.formats import formats, render
from stagegraph.sizes import unpacked
from stagegraph.sizes.sizes import sizes_of

from . import images

END = bytes(1024)


def _header(name: str, size: int = 0, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo(name)
    member.size, member.type = size, kind
    return member.tobuf(tarfile.GNU_FORMAT)


def _file(name: str, data: bytes, kind: bytes = tarfile.REGTYPE) -> bytes:
    return _header(name, len(data), kind) + data + bytes(-len(data) % 512)


CHAINS = {
    "extended": _file("x", b"6 a=b\n", tarfile.XHDTYPE) * 3000,
    "global": _file("x", b"6 a=b\n", tarfile.XGLTYPE) * 3000,
    "long name": _file("x", b"abc\0", tarfile.GNUTYPE_LONGNAME) * 3000,
}


@pytest.mark.parametrize("chain", CHAINS)
@pytest.mark.parametrize("stream", [False, True])
def test_a_header_that_is_extended_without_end_is_an_error(chain: str, stream: bool, tmp_path: Path) -> None:
    layer = images.image_of(CHAINS[chain] + _header("a") + END)
    assert "a header is extended too often" in _error(tmp_path, layer, stream=stream)
    whole = CHAINS[chain] + images.image_of(END)
    assert "a header is extended too often" in _error(tmp_path, whole, stream=stream)


@pytest.mark.parametrize("kind", [tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
@pytest.mark.parametrize("stream", [False, True])
def test_a_header_of_the_archive_that_is_too_large_is_an_error(
    kind: bytes, stream: bool, tmp_path: Path
) -> None:
    data = _header("x", 10**11, kind) + bytes(4096)
    assert "a header is too large" in _error(tmp_path, data, stream=stream)


def test_a_map_of_a_sparse_file_that_is_too_large_is_an_error(tmp_path: Path) -> None:
    count = 3_000_000
    extended = b"".join(
        b"%d %s\n" % (len(text) + 4, text)
        for text in (b"GNU.sparse.major=1", b"GNU.sparse.minor=0", b"GNU.sparse.realsize=100")
    )
    layer = _file("x", extended, tarfile.XHDTYPE) + _file("s", b"%d\n" % count + b"0\n0\n" * count) + END
    assert "a header is too large" in _error(tmp_path, images.image_of(gzip.compress(layer, 1)))


def test_a_name_longer_than_linux_allows_is_an_error(tmp_path: Path) -> None:
    layer = _file("x", b"a/" * 3000, tarfile.GNUTYPE_LONGNAME) + _header("a") + END
    assert "a name has more than 4,096 characters" in _error(tmp_path, images.image_of(layer))


def test_bombs_in_many_layers_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "_MAY_SWELL", 4 * 1024 * 1024)
    layer = gzip.compress(_file("zeros", bytes(3 * 1024 * 1024)) + END, 9)
    assert images.image(images.written(tmp_path, images.image_of(layer))).unpacked == 3 * 1024 * 1024
    assert "grows more than 500 times" in _error(tmp_path, images.image_of(*[layer] * 4))


def test_a_bomb_around_the_archive_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "_MAY_SWELL", 4 * 1024 * 1024)
    data = gzip.compress(_file("zeros", bytes(40 * 1024 * 1024)) + END, 9)
    assert "grows more than 500 times" in _error(tmp_path, data)


def test_files_of_all_layers_count_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "MOST_FILES", 100)
    layers = [images.tar_of({f"{layer}-{n}": b"" for n in range(40)}) for layer in range(3)]
    assert "more than 100 files" in _error(tmp_path, images.image_of(*layers))


def test_databases_that_are_too_large_are_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacked, "_MOST_KEPT", 5000)
    status = b"Package: a\nStatus: install ok installed\n" * 200
    image = images.image(
        images.written(tmp_path, images.image_of(images.tar_of({"var/lib/dpkg/status": status})))
    )
    assert image.layers[0].kept == {}
    assert sizes_of(image).packages == {}


def test_one_layer_that_is_listed_very_often_is_an_error(tmp_path: Path) -> None:
    def often(config: dict[str, Any], manifest: dict[str, Any]) -> None:
        manifest["Layers"] *= 2000
        config["rootfs"]["diff_ids"] *= 2000

    assert "more than 1,000 layers" in _error(tmp_path, _changed(often))


def test_negative_sizes_are_an_error(tmp_path: Path) -> None:
    header = bytearray(_header("a"))
    header[124:136] = b"\xff" * 12
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert "layer 1 of 1 cannot be read" in _error(tmp_path, images.image_of(bytes(header) * 2 + END))


def _changed(change: Callable[[dict[str, Any], dict[str, Any]], None]) -> bytes:
    """A Docker archive whose configuration and manifest were changed."""
    found: dict[str, bytes | tarfile.TarInfo] = dict(
        images.members(images.image_of(images.tar_of({"a": b"1"})))
    )
    config, manifest = (json.loads(bytes(found[name])) for name in ("config.json", "manifest.json"))  # type: ignore[arg-type]
    change(config, manifest[0])
    return images.tar_of(
        {**found, "config.json": json.dumps(config).encode(), "manifest.json": json.dumps(manifest).encode()}
    )


VALUES: list[Any] = [
    None,
    1,
    -1,
    1e308,
    True,
    "x",
    [],
    [[]],
    {},
    {"a": {}},
    [None],
    [1],
    ["x"],
    "\ud800",
    "\x1b[31m\n::error::",
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize(
    "key",
    ["os", "architecture", "variant", "rootfs", "history", "Config", "RepoTags", "Layers", "created_by"],
)
def test_values_of_any_type_give_a_result_or_an_error(key: str, value: object, tmp_path: Path) -> None:
    def change(config: dict[str, Any], manifest: dict[str, Any]) -> None:
        if key == "created_by":
            config["history"] = [{key: value, "empty_layer": value, "comment": value}]
        else:
            (manifest if key[0].isupper() else config)[key] = value

    path = images.written(tmp_path, _changed(change))
    try:
        sizes = sizes_of(images.image(path))
    except InputError:
        return
    for form in formats("sizes"):
        text = render("sizes", sizes, form).decode()
        assert "\x1b" not in text
        assert not any(line.startswith("::") for line in text.splitlines())


def _error(folder: Path, data: bytes, *, stream: bool = False) -> str:
    """The message for an archive; as a ``stream`` it is compressed as a whole."""
    if stream:
        buffer = io.BytesIO()
        with gzip.GzipFile(fileobj=buffer, mode="wb", compresslevel=1) as packed:
            packed.write(data)
        data = buffer.getvalue()
    with pytest.raises(InputError) as error:
        images.image(images.written(folder, data))
    return str(error.value)


def test_a_message_has_one_line_whatever_the_archive_names(tmp_path: Path) -> None:
    def odd(_: dict[str, Any], manifest: dict[str, Any]) -> None:
        manifest["Layers"] = ["x\x1b[31m\n::error::b"]

    assert "is not in the archive (x\N{REPLACEMENT CHARACTER}[31m ::error::b)" in _error(
        tmp_path, _changed(odd)
    )
