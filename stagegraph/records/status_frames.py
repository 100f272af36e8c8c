"""Reads the status frames of a bundle with protobuf; no other module imports protobuf.

The messages have the fields of StatusResponse in moby/buildkit api/services/control/control.proto that
are needed here; protobuf skips the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory, timestamp_pb2
from google.protobuf.message import DecodeError

from stagegraph.records.collector import Collector
from stagegraph.records.record import SECOND

_LONGEST_FRAME = 16 * 1024 * 1024  # BuildKit sends no larger message (util/grpcutil, gRPC limits)
_PACKAGE = "stagegraph.records"
_STRING, _BOOL, _INT64, _MESSAGE = 9, 8, 3, 11
_ONE, _MANY = 1, 3
_TIME = ".google.protobuf.Timestamp"

# message -> (field, number, type, label, type of message)
_MESSAGES = {
    "Group": (("id", 1, _STRING, _ONE, ""),),
    "Vertex": (
        ("digest", 1, _STRING, _ONE, ""),
        ("inputs", 2, _STRING, _MANY, ""),
        ("name", 3, _STRING, _ONE, ""),
        ("cached", 4, _BOOL, _ONE, ""),
        ("started", 5, _MESSAGE, _ONE, _TIME),
        ("completed", 6, _MESSAGE, _ONE, _TIME),
        ("error", 7, _STRING, _ONE, ""),
        ("group", 8, _MESSAGE, _ONE, f".{_PACKAGE}.Group"),
    ),
    "Status": (
        ("id", 1, _STRING, _ONE, ""),
        ("vertex", 2, _STRING, _ONE, ""),
        ("current", 4, _INT64, _ONE, ""),
        ("timestamp", 6, _MESSAGE, _ONE, _TIME),
    ),
    "StatusResponse": (
        ("vertexes", 1, _MESSAGE, _MANY, f".{_PACKAGE}.Vertex"),
        ("statuses", 2, _MESSAGE, _MANY, f".{_PACKAGE}.Status"),
    ),
}


class FrameError(ValueError):
    """Bytes that are not frames of StatusResponse."""


def add_frames(collector: Collector, data: bytes) -> None:
    """Add every frame of ``data``: the length as four bytes, little-endian, then the message.

    Raises FrameError at the first invalid frame; the frames before it are added.
    """
    for frame in _frames(data):
        try:
            _add(collector, _response_class().FromString(frame))
        except DecodeError:
            raise FrameError("a status frame is not a valid protobuf message") from None
        except ValueError as error:
            raise FrameError(f"a status frame is not valid: {error}") from None


def _frames(data: bytes) -> Iterator[bytes]:
    position = 0
    while position < len(data):
        length = int.from_bytes(data[position : position + 4], "little")
        if length > _LONGEST_FRAME:
            raise FrameError("a status frame is too large")
        frame = data[position + 4 : position + 4 + length]
        if position + 4 > len(data) or len(frame) < length:
            raise FrameError("the last status frame is truncated")
        yield frame
        position += 4 + length


def _add(collector: Collector, response: Any) -> None:
    for item in response.vertexes:
        collector.vertex(
            item.digest,
            item.name,
            inputs=tuple(item.inputs),
            started=_time(item, "started"),
            completed=_time(item, "completed"),
            cached=item.cached,
            error=item.error,
            group=item.group.id,
        )
    for item in response.statuses:
        collector.status(item.vertex, item.id, item.current)
        collector.last_status = _time(item, "timestamp") or collector.last_status


def _time(item: Any, name: str) -> int | None:
    if not item.HasField(name):
        return None
    stamp = getattr(item, name)
    return int(stamp.seconds) * SECOND + int(stamp.nanos)


@cache
def _response_class() -> Any:
    file = descriptor_pb2.FileDescriptorProto(
        name="stagegraph/status.proto", package=_PACKAGE, syntax="proto3"
    )
    file.dependency.append("google/protobuf/timestamp.proto")
    for name, fields in _MESSAGES.items():
        message = file.message_type.add(name=name)
        for field, number, kind, label, of in fields:
            added = message.field.add(name=field, number=number, type=kind, label=label)
            if of:
                added.type_name = of
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(timestamp_pb2.DESCRIPTOR.serialized_pb)
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{_PACKAGE}.StatusResponse"))
