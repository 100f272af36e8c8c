"""Values that BuildKit rejects after expansion: ports, signals, modes, checksums.

Rules: moby/buildkit frontend/dockerfile/dockerfile2llb/convert_expose.go, convert_copy.go and
convert.go (dispatchStopSignal, dispatchVolume); moby/sys/signal; opencontainers/go-digest.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from stagegraph.dockerfile.references import ImageReferenceError, check_digest

_NUMBER = r"[+-]?[0-9]+\Z"
_SIGNALS = (
    r"(?ai:(?:SIG)?(?:ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV"
    r"|STKFLT|STOP|SYS|TERM|TRAP|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ"
    r"|RTMIN(?:\+(?:[1-9]|1[0-5]))?|RTMAX(?:-(?:[1-9]|1[0-4]))?))\Z"
)
_OCTAL = r"[0-7]+\Z"
_SYMBOLIC = r"[ugoa]*(?:[-+=][rwxXstugo]*)+\Z"
_MOST_OCTAL = 0o7777
_MOST_PORT = 65535


class RejectedError(ValueError):
    """A value that BuildKit rejects when it builds the stage."""


def check_setting(keyword: str, words: Sequence[str]) -> None:
    """Raise a RejectedError for a port, a signal or a volume that BuildKit does not accept."""
    if keyword == "expose":
        for word in words:
            _check_port(word)
    elif keyword == "stopsignal":
        _check_signal(words[0])
    elif keyword == "volume" and "" in words:
        raise RejectedError("VOLUME has a path that is empty after expansion")


def _check_port(word: str) -> None:
    *rest, container = word.split(":")
    port, _, protocol = container.partition("/")
    if protocol.lower() not in ("", "tcp", "udp", "sctp"):
        raise RejectedError(f"unknown protocol in EXPOSE {word}: use tcp, udp or sctp")
    address = ":".join(rest[:-1])
    if address and not _is_address(address):
        raise RejectedError(f"invalid IP address in EXPOSE {word}")
    inside = _ports(word, port)
    outside = _ports(word, rest[-1]) if rest and rest[-1] else inside
    if inside != outside and inside:
        raise RejectedError(f"the port ranges of EXPOSE {word} have different lengths")


def _ports(word: str, text: str) -> int:
    """The number of ports of a range after its first."""
    ends = text.split("-")
    if len(ends) > 2 or not all(
        end.isascii() and end.isdigit() and len(end.lstrip("0")) <= 5 for end in ends
    ):
        raise RejectedError(f"EXPOSE {word} is not a port or a range of ports")
    first, last = int(ends[0].lstrip("0") or 0), int(ends[-1].lstrip("0") or 0)
    if last < first or last > _MOST_PORT:
        raise RejectedError(f"EXPOSE {word} is not a port or a range of ports")
    return last - first


def _is_address(text: str) -> bool:
    from ipaddress import ip_address

    if text.startswith("[") and text.endswith("]"):
        text = text[1:-1]
    try:
        ip_address(text)
    except ValueError:
        return False
    return "%" not in text


def _check_signal(word: str) -> None:
    if not re.match(_SIGNALS, word) and not (re.match(_NUMBER, word) and word.lstrip("+-0")):
        raise RejectedError(f"unknown signal in STOPSIGNAL {word}")


def mode_of(text: str) -> str:
    """The value of --chmod, normalized; RejectedError if it is not a mode."""
    if not text:
        return ""
    if re.match(_OCTAL, text):
        if int(text[-12:], 8) <= _MOST_OCTAL and not text[:-12].strip("0"):
            return oct(int(text[-12:], 8))
    elif not text.isdigit() and all(re.match(_SYMBOLIC, part) for part in text.split(",")):
        return text
    raise RejectedError(f"--chmod={text} is not a mode: use octal, 0 to 07777, or symbolic, such as u+x")


def check_checksum(checksum: str, sources: Sequence[str], downloaded: Sequence[str]) -> None:
    """Raise a RejectedError if --checksum is used with anything but one downloaded source."""
    if checksum and len(sources) != 1:
        raise RejectedError("--checksum takes one source")
    if checksum and not downloaded:
        raise RejectedError("--checksum needs a source that ADD downloads")


def check_file_checksum(checksum: str) -> None:
    """Raise a RejectedError if the checksum of a file is not a digest."""
    if checksum:
        try:
            check_digest(checksum)
        except ImageReferenceError as error:
            raise RejectedError(f"--checksum={checksum}: {error}") from None
