"""Time of ``stagegraph affected`` for a repository of 40 services and 20,000 files, and of its history.

Run with ``python -m tests.bench.bench_affected``. The history is 1,000 commits of 10,000 files, of which each
commit changes five. --gate exits 1 above a limit, or if twice the files take more than three times as long.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from tests.history_repository import DOCKERFILE, IGNORE, write_repository

from .bench_check import seconds

SERVICES = 40
FILES = 20_000
LIMIT = 1.5  # seconds of one process, from its start
HISTORY_FILES = 10_000
COMMITS = 1_000
HISTORY_LIMIT = 10.0
ROUNDS = 3
_SERVICE = "FROM node:20\nWORKDIR /app\nCOPY package*.json ./\nRUN npm ci\nCOPY . .\nRUN npm run build\n"


def services(folder: Path, files: int) -> None:
    """A repository with a bake file of 40 services, each with its part of ``files``; one file is changed."""
    names = [f"service{number}" for number in range(SERVICES)]
    written = {f"{names[n % SERVICES]}/src/m{n // SERVICES % 20}/f{n}.js": f"{n}\n" for n in range(files)}
    for name in names:
        written |= {f"{name}/Dockerfile": _SERVICE, f"{name}/package.json": "{}\n"}
        written[f"{name}/.dockerignore"] = "**/node_modules\n**/*.md\n!README.md\n"
    targets = "".join(f'target "{name}" {{ context = "{name}" }}\n' for name in names)
    group = ", ".join(f'"{name}"' for name in names)
    written["docker-bake.hcl"] = f'group "default" {{ targets = [{group}] }}\n{targets}'
    write_repository(folder, [written])
    (folder / "service7/src/m0/f7.js").write_text("changed\n")


def history(folder: Path) -> None:
    """A repository with 1,000 commits of 10,000 files."""
    chance = random.Random(1)
    names = [f"src/m{number % 100}/f{number}.js" for number in range(HISTORY_FILES)]
    packages = {"package.json": "{}\n", "package-lock.json": "{}\n"}
    commits = [{"Dockerfile": DOCKERFILE, ".dockerignore": f"{IGNORE}**/*.md\n", **packages}]
    commits[0] |= dict.fromkeys(names, "0\n")
    for number in range(COMMITS):
        commits.append(dict.fromkeys(chance.sample(names, 5), f"{number}\n"))
        if number % 100 == 0:
            commits[-1]["package.json"] = f'{{"version": "{number}"}}\n'
    write_repository(folder, list(commits))


def best(words: Sequence[str], folder: Path) -> float:
    """The shortest wall time of ``stagegraph affected`` with ``words``."""
    command = [sys.executable, "-m", "stagegraph", "affected", *words]
    return min(seconds(command, folder) for _ in range(ROUNDS))


def main() -> int:
    """Print the times; 1 with --gate if one is above its limit."""
    times = {}
    for files in (FILES, 2 * FILES):
        with tempfile.TemporaryDirectory() as name:
            services(Path(name), files)
            time.sleep(1)  # files that are as new as the index are read by git and by us
            times[files] = best(["docker-bake.hcl", "--since", "HEAD", "-F", "targets"], Path(name))
            print(f"affected --since, {SERVICES} services, {files:,} files: {times[files]:.2f} s")
    with tempfile.TemporaryDirectory() as name:
        history(Path(name))
        took = best(["--history", str(COMMITS)], Path(name))
        print(f"affected --history, {COMMITS:,} commits of {HISTORY_FILES:,} files: {took:.2f} s")
    fast = times[FILES] < LIMIT and times[2 * FILES] < 3 * times[FILES] and took < HISTORY_LIMIT
    return int("--gate" in sys.argv and not fast)


if __name__ == "__main__":
    sys.exit(main())
