"""Real exports of small images with their Dockerfiles, the records of the cache, and other forms of them."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import tarfile
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import stagegraph as sg
from stagegraph.graph.build import Build
from stagegraph.sizes.image import Image, read_image
from stagegraph.sizes.sizes import Sizes, sizes_of
from stagegraph.sizes.usage import CacheRecord, read_usage

from .conftest import ROOT


@cache
def files() -> dict[str, bytes]:
    """Every file by its path: ``nodejs/image.oci.tar``."""
    data = lzma.decompress((ROOT / "tests/data/images.tar.xz").read_bytes())
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        members = [member for member in archive if member.isfile()]
        return {
            member.name.removeprefix("./"): file.read()
            for member in members
            if (file := archive.extractfile(member))
        }


def build(name: str, **arguments: str) -> Build:
    """The build of the Dockerfile of ``name``."""
    text = files()[f"{name}/Dockerfile"].decode()
    return sg.read(sg.Source(name="Dockerfile", text=text), sg.Options(build_args=arguments))


def written(folder: Path, data: bytes, name: str = "image.tar") -> str:
    """The path of a new file in ``folder`` with ``data``."""
    path = folder / name
    path.write_bytes(data)
    return str(path)


def image(path: str, *, platform: str = "", name: str = "") -> Image:
    """The image in the archive at ``path``."""
    return read_image(path, lambda _: None, platform=platform, name=name)


def records(name: str = "du.jsonl") -> tuple[CacheRecord, ...]:
    """The records of the cache after all builds."""
    return read_usage(files()[name].decode(), name)


def sizes(folder: Path, path: str, *, usage: bool = False, platform: str = "") -> Sizes:
    """The sizes of the image in the file ``path`` of the data."""
    archive = written(folder, files()[path], path.replace("/", "-"))
    used = records() if usage else ()
    return sizes_of(image(archive, platform=platform), build(path.partition("/")[0]), used)


def members(archive: bytes) -> dict[str, bytes]:
    """The regular files of a tar archive."""
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        return {one.name: file.read() for one in tar if (file := tar.extractfile(one))}


def tar_of(contents: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """A tar archive of files, and of members that are given whole."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name, content in contents.items():
            if isinstance(content, tarfile.TarInfo):
                tar.addfile(content)
            else:
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    """A link as a member of a tar archive."""
    member = tarfile.TarInfo(name)
    member.type, member.linkname = kind, target
    return member


def old_form(oci: bytes, *, linked: bool = False) -> bytes:
    """An OCI archive as ``docker save`` wrote it before version 25: unpacked layers in folders, no index.

    With ``linked`` every layer is a link to ``HASH.tar``, as skopeo writes it.
    """
    found = members(oci)
    index = json.loads(found["index.json"])

    def blob(digest: str) -> bytes:
        return found["blobs/" + digest.replace(":", "/")]

    manifest = json.loads(blob(index["manifests"][0]["digest"]))
    while "manifests" in manifest:
        manifest = json.loads(blob(manifest["manifests"][0]["digest"]))
    config = blob(manifest["config"]["digest"])
    contents: dict[str, bytes | tarfile.TarInfo] = {}
    layers = []
    for number, layer in enumerate(manifest["layers"]):
        unpacked = gzip.decompress(blob(layer["digest"]))
        digest = hashlib.sha256(unpacked).hexdigest()
        name = f"{number}{digest}/layer.tar"
        if linked:
            contents[f"{digest}.tar"] = unpacked
            contents[name] = link(name, f"../{digest}.tar")
        else:
            contents[name] = unpacked
        layers.append(name)
    contents["config.json"] = config
    entry = {"Config": "config.json", "RepoTags": ["old:1"], "Layers": layers}
    contents["manifest.json"] = json.dumps([entry]).encode()
    return tar_of(contents)


def image_of(*layers: bytes, history: list[dict[str, object]] | None = None) -> bytes:
    """A Docker archive of an image with these layers, which are tar archives, plain or packed with gzip."""
    unpacked = (gzip.decompress(layer) if layer[:2] == b"\x1f\x8b" else layer for layer in layers)
    diff_ids = [f"sha256:{hashlib.sha256(layer).hexdigest()}" for layer in unpacked]
    entries = history if history is not None else [{"created_by": f"RUN {n}"} for n in range(len(layers))]
    config = {
        "os": "linux",
        "architecture": "amd64",
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": entries,
    }
    names = [f"{number}/layer.tar" for number in range(len(layers))]
    manifest = [{"Config": "config.json", "RepoTags": None, "Layers": names}]
    return tar_of(
        {
            **dict(zip(names, layers, strict=True)),
            "config.json": json.dumps(config).encode(),
            "manifest.json": json.dumps(manifest).encode(),
        }
    )
