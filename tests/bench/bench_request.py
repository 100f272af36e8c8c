"""How fast a bake file with many targets becomes a report and a picture.

    python -m tests.bench.bench_request

First, each target has its own Dockerfile of three stages, and a shared target as a named context;
then all targets are stages of one Dockerfile, also of one that the target changes.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

import stagegraph as sg

DOCKERFILE = (
    "FROM node AS build\nCOPY . .\nRUN a\nFROM build AS test\nRUN t\nFROM base\nCOPY --from=build /a /a\n"
)


def repository(folder: Path, targets: int) -> None:
    """Write a bake file with ``targets`` targets, and their Dockerfiles."""
    names = [f"s{number:03}" for number in range(targets)]
    text = f'group "default" {{ targets = {json.dumps(names)} }}\ntarget "base" {{ context = "base" }}\n'
    for name in names:
        text += f'target "{name}" {{\n  context = "{name}"\n  contexts = {{ base = "target:base" }}\n}}\n'
        (folder / name).mkdir()
        (folder / name / "Dockerfile").write_text(DOCKERFILE)
    (folder / "base").mkdir()
    (folder / "base" / "Dockerfile").write_text("FROM alpine\nRUN x\n")
    (folder / "docker-bake.hcl").write_text(text)


def one_dockerfile(folder: Path, targets: int, first: str = "") -> None:
    """Write a bake file with ``targets`` targets of one Dockerfile; ``first`` is in its first stage."""
    names = [f"s{number:03}" for number in range(targets)]
    text = f'group "default" {{ targets = {json.dumps(names)} }}\n'
    text += "".join(f'target "{name}" {{ target = "{name}" }}\n' for name in names)
    (folder / "docker-bake.hcl").write_text(text)
    stages = (f"FROM alpine AS {name}\nWORKDIR /x\nCOPY {name} .\nRUN make {name}\n" for name in names)
    base = f"FROM alpine AS alpine\n{first}\n" if first else ""
    (folder / "Dockerfile").write_text(base + "".join(stages))


def target_stage(folder: Path, targets: int) -> None:
    """Write targets of a Dockerfile that reads TARGETSTAGE."""
    one_dockerfile(folder, targets, "ARG TARGETSTAGE\nRUN echo $TARGETSTAGE")


def triggers(folder: Path, targets: int) -> None:
    """Write targets of a Dockerfile whose first stage has ONBUILD triggers."""
    one_dockerfile(folder, targets, "ONBUILD RUN x")


def main() -> None:
    for write, targets in (
        (repository, 40),
        (repository, 500),
        (one_dockerfile, 500),
        (target_stage, 500),
        (triggers, 500),
    ):
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), targets)
            start = time.perf_counter()
            request = sg.read_request(name)
            read = time.perf_counter()
            report = sg.analyse(request)
            analysed = time.perf_counter()
            sg.render(report, "svg")
            drawn = time.perf_counter()
        parts = f"read {read - start:.2f} s, report {analysed - read:.2f} s, SVG {drawn - analysed:.2f} s"
        print(f"{targets} targets: {drawn - start:.2f} s ({parts})")


if __name__ == "__main__":
    main()
