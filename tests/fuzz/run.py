"""Runs attacks in child processes with limits of time and memory."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from collections.abc import Iterable, Iterator

from ..conftest import ROOT
from .attacks import Attack

MOST_SECONDS = 10  # of processor time, for one command


def problems(attacks: Iterable[Attack], seconds: float = MOST_SECONDS) -> Iterator[tuple[Attack, list[str]]]:
    """What is wrong with the answers to each attack; a child that ended is replaced."""
    child: subprocess.Popen[str] | None = None
    for attack in attacks:
        child = child or _started()
        assert child.stdin
        assert child.stdout
        child.stdin.write(_specification(attack, seconds))
        child.stdin.flush()
        answer = child.stdout.readline()
        if answer:
            yield attack, json.loads(answer)
        else:
            yield attack, [f"the process ended with {child.wait()}: 99 is more than {seconds} s"]
            child = None
    if child:
        child.communicate()


def _started() -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.fuzz.child"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)


def _specification(attack: Attack, seconds: float) -> str:
    files = {path: base64.b64encode(data).decode() for path, data in attack.files.items()}
    return json.dumps({"files": files, "commands": attack.commands, "seconds": seconds}) + "\n"
