"""What compose rejects in the parts of a file that no build reads, for an unset variable above all.

Source: compose-go loader/interpolate.go (casts), transform/ports.go, format/volume.go; docker/go-connections
nat/nat.go, ParsePortSpec.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from stagegraph.bake.values import UnsuitableValueError
from stagegraph.bake.yaml_values import Table, Yaml

_INTEGERS = (
    "cpu_count", "cpu_period", "cpu_quota", "cpu_rt_period", "cpu_rt_runtime", "cpu_shares",
    "deploy.replicas", "deploy.update_config.parallelism", "deploy.rollback_config.parallelism",
    "deploy.restart_policy.max_attempts", "deploy.placement.max_replicas_per_node", "healthcheck.retries",
    "oom_score_adj", "pids_limit", "ports.[].target", "scale", "secrets.[].mode", "configs.[].mode",
    "ulimits.*", "ulimits.*.hard", "ulimits.*.soft",
)  # fmt: skip
_NUMBERS = (
    "cpu_percent", "cpus", "deploy.update_config.max_failure_ratio",
    "deploy.rollback_config.max_failure_ratio",
)  # fmt: skip
_FLAGS = (
    "init", "healthcheck.disable", "oom_kill_disable", "privileged", "read_only", "stdin_open", "tty",
    "volumes.[].read_only", "volumes.[].volume.nocopy",
)  # fmt: skip
_EXTERNAL = ("networks", "volumes", "secrets", "configs")
_NETWORK_FLAGS = ("internal", "attachable", "enable_ipv6")
_TRUE, _FALSE = ("true", "y", "yes", "on"), ("false", "n", "no", "off")
_HINT = "fix it, or set the variables in it, in .env or in the environment"
_PROTOCOLS = ("tcp", "udp", "sctp")


def cast(path: tuple[str, ...], text: str) -> Yaml:
    """The text at ``path`` in the type that compose casts it to; UnsuitableValueError if it cannot."""
    kind = _cast_of(path)
    return kind(text) if kind else text


def _cast_of(path: tuple[str, ...]) -> Callable[[str], Yaml] | None:
    if len(path) < 3:
        return None
    top, _, *rest = path
    if top != "services":
        is_flag = top in _EXTERNAL and rest == ["external"]
        return _to_flag if is_flag or (top == "networks" and rest[0] in _NETWORK_FLAGS) else None
    names = ["[]" if name.startswith("[") else name for name in rest]
    if names[0] == "ulimits" and len(names) > 1:
        names[1] = "*"
    return _CASTS.get(".".join(names))


def _to_integer(text: str) -> str:
    if not re.fullmatch(r"[-+]?[0-9]{1,19}", text, re.ASCII):
        raise UnsuitableValueError(f"expected a whole number, not `{text}`")
    return text


def _to_number(text: str) -> str:
    try:
        float(text)
    except ValueError:
        raise UnsuitableValueError(f"expected a number, not `{text}`") from None
    return text


def _to_flag(text: str) -> bool:
    if text.lower() not in (*_TRUE, *_FALSE):
        raise UnsuitableValueError(f"expected true or false, not `{text}`")
    return text.lower() in _TRUE


_CASTS: dict[str, Callable[[str], Yaml]] = {
    **dict.fromkeys(_INTEGERS, _to_integer),
    **dict.fromkeys(_NUMBERS, _to_number),
    **dict.fromkeys(_FLAGS, _to_flag),
}


def check_short_forms(path: str, service: Table) -> None:
    """Checks the ports and volumes of a service that are written as one text. Raises BakeError."""
    if "ports" in service and not isinstance(service["ports"], list):
        raise service.error(f"{path}.ports must be a list", "ports", "remove it, or list ports")
    for key, check in (("ports", _check_port), ("volumes", _check_volume)):
        for item in service[key] if isinstance(service.get(key), list) else ():
            if isinstance(item, str):
                try:
                    check(item)
                except UnsuitableValueError as problem:
                    raise service.error(f"{path}.{key}: `{item}` {problem}", key, _HINT) from None


def _check_port(text: str) -> None:
    address, host, container = _port_parts(text)
    container, slash, protocol = container.partition("/")
    if not container:
        raise UnsuitableValueError("has no port of the container")
    if slash and protocol.lower() not in _PROTOCOLS:
        raise UnsuitableValueError(f"has the unknown protocol {protocol}")
    if address and not _is_address(address.strip("[]")):
        raise UnsuitableValueError(f"has the invalid IP address {address}")
    ports = _port_range(container)
    if host and len(_port_range(host)) != len(ports) and len(ports) > 1:
        raise UnsuitableValueError("has ranges of different lengths")


def _port_parts(text: str) -> tuple[str, str, str]:
    parts = text.split(":")
    if len(parts) == 1:
        return "", "", text
    return ":".join(parts[:-2]), parts[-2], parts[-1]


def _port_range(text: str) -> range:
    first, dash, last = text.partition("-")
    numbers = [first, last] if dash else [first]
    if not all(re.fullmatch("[0-9]{1,5}", one, re.ASCII) and int(one) < 65536 for one in numbers):
        raise UnsuitableValueError(f"has the invalid port {text}")
    if dash and int(last) < int(first):
        raise UnsuitableValueError(f"has the invalid range {text}")
    return range(int(first), int(numbers[-1]) + 1)


def _is_address(text: str) -> bool:
    from ipaddress import ip_address

    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _check_volume(text: str) -> None:
    """A drive letter such as ``C:`` belongs to the section after it."""
    if not text:
        raise UnsuitableValueError("is empty")
    sections = re.sub(r"(^|:)([^\W\d_]):", r"\1\2", text).split(":")
    if len(text) > 2 and "" in sections:
        raise UnsuitableValueError("has an empty part between colons")
    if len(sections) > 3:
        raise UnsuitableValueError("has too many colons")
