"""Functions that encode, hash and decode, and those of networks.

Source: zclconf/go-cty stdlib json.go, csv.go; hashicorp/go-cty-funcs crypto, encoding, uuid, cidr.
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import ipaddress
import json
import uuid
from fractions import Fraction
from typing import Any
from urllib.parse import quote_plus

from stagegraph.bake.function import Function
from stagegraph.bake.values import (
    UNKNOWN,
    ListValue,
    UnsuitableValueError,
    Value,
    number_text,
    to_integer,
    to_text,
)

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_HTML = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}
_NAMESPACES = {"dns": uuid.NAMESPACE_DNS, "url": uuid.NAMESPACE_URL, "oid": uuid.NAMESPACE_OID}


def json_text(value: Value) -> str:
    """``value`` as JSON, without spaces, keys sorted and ``<>&`` escaped, as Go does it."""
    if isinstance(value, dict):
        return "{" + ",".join(f"{json_text(key)}:{json_text(value[key])}" for key in sorted(value)) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(json_text, value)) + "]"
    if isinstance(value, Fraction):
        return number_text(value)
    text = json.dumps(value, ensure_ascii=False)
    return "".join(_HTML.get(char, char) for char in text) if isinstance(value, str) else text


def json_value(text: str) -> Value:
    """The value that the JSON ``text`` holds; UnsuitableValueError if it is invalid."""
    if len(text) > 1_000_000:
        raise UnsuitableValueError("the JSON is too long")
    try:
        return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_refuse)
    except RecursionError:
        raise UnsuitableValueError("the JSON is nested too deeply") from None
    except ValueError as error:
        raise UnsuitableValueError(f"invalid JSON: {error}") from None


def _number(text: str) -> Fraction:
    if len(text) > 1000 or abs(int(text.lower().partition("e")[2][:9] or 0)) > 1000:
        raise UnsuitableValueError("a number is too large")
    return Fraction(text)


def _refuse(text: str) -> Any:
    raise UnsuitableValueError(f"invalid JSON: {text}")


def _csv(value: Value) -> Value:
    try:
        rows = list(filter(None, csv.reader(io.StringIO(to_text(value)), strict=True)))
    except csv.Error as error:
        raise UnsuitableValueError(f"invalid CSV: {error}") from None
    if not rows:
        raise UnsuitableValueError("invalid CSV: it has no header")
    header, *records = rows
    if any(len(row) != len(header) for row in records):
        raise UnsuitableValueError("invalid CSV: a line has the wrong number of fields")
    return ListValue(dict(zip(header, row, strict=True)) for row in records)


def _decoded(value: Value) -> str:
    try:
        return base64.b64decode(to_text(value), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise UnsuitableValueError("not base64 of UTF-8 text") from None


def _hash(name: str) -> Function:
    return Function(lambda a: hashlib.new(name, to_text(a).encode(), usedforsecurity=False).hexdigest(), 1, 1)


def _uuid5(space: Value, name: Value) -> str:
    text = to_text(space)
    try:
        return str(uuid.uuid5(_NAMESPACES.get(text) or uuid.UUID(text), to_text(name)))
    except ValueError:
        raise UnsuitableValueError(f"{text} is not a namespace of UUIDs") from None


def _network(value: Value) -> _Network:
    try:
        return ipaddress.ip_network(to_text(value), strict=False)
    except ValueError:
        raise UnsuitableValueError(f"{to_text(value)} is not a network in CIDR notation") from None


def _host(prefix: Value, number: Value) -> str:
    network, place = _network(prefix), to_integer(number)
    place = place + network.num_addresses if place < 0 else place
    if not 0 <= place < network.num_addresses:
        raise UnsuitableValueError("the network does not have this host")
    return str(network.network_address + place)


def _netmask(prefix: Value) -> str:
    network = _network(prefix)
    if network.version == 6:
        raise UnsuitableValueError("IPv6 networks have no netmask")
    return str(network.netmask)


def _subnet(prefix: Value, bits: Value, number: Value) -> str:
    network, new, place = _network(prefix), to_integer(bits), to_integer(number)
    length = network.prefixlen + new
    if new < 0 or length > network.max_prefixlen or not 0 <= place < 2**new:
        raise UnsuitableValueError("the network is too small for this subnet")
    start = int(network.network_address) + (place << (network.max_prefixlen - length))
    return f"{type(network.network_address)(start)}/{length}"


def _subnets(prefix: Value, *bits: Value) -> ListValue:
    network = _network(prefix)
    result, start = ListValue(), int(network.network_address)
    for one in bits:
        length = network.prefixlen + to_integer(one)
        if not network.prefixlen < length <= network.max_prefixlen:
            raise UnsuitableValueError("the network is too small for this subnet")
        size = 1 << (network.max_prefixlen - length)
        start = -(-start // size) * size
        if start + size > int(network.network_address) + network.num_addresses:
            raise UnsuitableValueError("the network is too small for these subnets")
        result.append(f"{type(network.network_address)(start)}/{length}")
        start += size
    return result


def _url(value: Value) -> str:
    return quote_plus(to_text(value), safe="")


FUNCTIONS = {
    "base64decode": Function(_decoded, 1, 1),
    "base64encode": Function(lambda a: base64.b64encode(to_text(a).encode()).decode(), 1, 1),
    "bcrypt": Function(lambda *_: UNKNOWN, 1, 2),  # has a random salt
    "cidrhost": Function(_host, 2, 2),
    "cidrnetmask": Function(_netmask, 1, 1),
    "cidrsubnet": Function(_subnet, 3, 3),
    "cidrsubnets": Function(_subnets, 1, None),
    "csvdecode": Function(_csv, 1, 1),
    "jsondecode": Function(lambda a: json_value(to_text(a)), 1, 1),
    "jsonencode": Function(json_text, 1, 1, nulls=True),
    "md5": _hash("md5"),
    "rsadecrypt": Function(lambda *_: UNKNOWN, 2, 2),
    "sha1": _hash("sha1"),
    "sha256": _hash("sha256"),
    "sha512": _hash("sha512"),
    "urlencode": Function(_url, 1, 1),
    "uuidv4": Function(lambda: UNKNOWN, 0, 0),
    "uuidv5": Function(_uuid5, 2, 2),
}
