"""Bundles of build records, made by hand: correct, forged and damaged ones."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile

STATUS = "application/vnd.buildkit.status.v0"
OLD_STATUS = "application/vnd.buildkit.solvestatus.v0"


def unpacked(data: bytes) -> list[tuple[tarfile.TarInfo, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        return [(m, file.read() if (file := archive.extractfile(m)) else b"") for m in archive]


def packed(members: list[tuple[tarfile.TarInfo, bytes]]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def bundle(
    layers: list[tuple[str, bytes]], config: object = None, index: object = None, **changes: object
) -> bytes:
    """A bundle as buildx writes it: layers by media type, all under their digests."""
    blobs: dict[str, bytes] = {}

    def blob(data: bytes, kind: str) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        blobs[digest] = data
        return {"mediaType": kind, "digest": digest, "size": len(data)}

    manifest = {
        "config": blob(
            config
            if isinstance(config, bytes)
            else json.dumps({"Ref": "r"} if config is None else config).encode(),
            "application/vnd.buildkit.historyrecord.v0",
        ),
        "layers": [blob(data, kind) for kind, data in layers],
        **changes,
    }
    described = blob(json.dumps(manifest).encode(), "application/vnd.oci.image.manifest.v1+json")
    top = json.dumps(index if index is not None else {"manifests": [described]}).encode()
    files = {"index.json": top, **{f"blobs/sha256/{d[7:]}": data for d, data in blobs.items()}}
    return packed([(tarfile.TarInfo(name), data) for name, data in files.items()])


def repeating_bundle(count: int, layers: int) -> bytes:
    """A bundle whose index lists one record ``count`` times, which lists one layer ``layers`` times."""
    data = json.dumps({"vertexes": [{"digest": "a", "name": "[1/1] FROM x", "cached": True}]}).encode()
    plain = {m.name: content for m, content in unpacked(bundle([(OLD_STATUS, data)]))}
    (manifest,) = json.loads(plain["index.json"])["manifests"]
    record_ = json.loads(plain["blobs/sha256/" + manifest["digest"][7:]])
    record_["layers"] *= layers
    changed = json.dumps(record_).encode()
    manifest["digest"] = "sha256:" + hashlib.sha256(changed).hexdigest()
    inner = json.dumps({"manifests": [manifest] * count}).encode()
    index = {"manifests": [{"digest": "sha256:" + hashlib.sha256(inner).hexdigest()}] * count}
    plain["blobs/sha256/" + manifest["digest"][7:]] = changed
    plain["blobs/sha256/" + index["manifests"][0]["digest"][7:]] = inner
    plain["index.json"] = json.dumps(index).encode()
    return packed([(tarfile.TarInfo(name), content) for name, content in plain.items()])
