"""What a small command costs as a whole process, side by side with its imports alone and with its peers.

    python -m tests.bench.bench_start

Runs each command in turn with a Python process that only imports the packages that stagegraph uses, so
that a machine whose speed drifts slows both. Peers are run where they are installed: ``dot`` draws the
same graph from DOT, ``dockerfilegraph`` draws the same Dockerfile.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

SAMPLE = Path(__file__).parents[2] / "samples" / "nodejs"
IMPORTS = "import networkx, click, dockerfile_parse, graphviz"
PAIRS = 15


def child(command: list[str], folder: str | None = None) -> tuple[float, float]:
    """CPU seconds, of the process and its children, and peak MiB of one process."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, cwd=folder, env=_compiling())
    _, status, usage = os.wait4(process.pid, 0)
    assert status == 0, command
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (1 if sys.platform == "darwin" else 1024)


def _compiling() -> dict[str, str]:
    """The environment, in which Python keeps compiled modules, as it does where pip installs them."""
    cache = {"PYTHONPYCACHEPREFIX": os.path.join(tempfile.gettempdir(), "stagegraph-bench")}
    return {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"} | cache


def pairs(command: list[str], peer: list[str], folder: str | None = None) -> tuple[float, float]:
    """Median CPU seconds of ``command``, and its median ratio to ``peer``, which runs beside it."""
    child(command, folder), child(peer, folder)
    times = [(child(command, folder)[0], child(peer, folder)[0]) for _ in range(PAIRS)]
    return statistics.median(ours for ours, _ in times), statistics.median(a / b for a, b in times)


def commands(folder: str) -> dict[str, list[str]]:
    """The commands of stagegraph by what is printed; the installed program, as a user runs it."""
    program = [shutil.which("stagegraph", path=str(Path(sys.executable).parent)) or "stagegraph"]
    rows = {"--version": [*program, "--version"]}
    for suffix in ("mmd", "svg", "png", "html"):
        rows[f"render -o x.{suffix}"] = [*program, "render", str(SAMPLE), "-o", f"{folder}/x.{suffix}"]
    rows["report"] = [*program, "report", str(SAMPLE)]
    return rows


def peers(folder: str) -> dict[str, list[str]]:
    """Other programs that draw the same graph, where they are installed."""
    dot = Path(folder, "x.dot")
    subprocess.run([sys.executable, "-m", "stagegraph", "render", str(SAMPLE), "-o", str(dot)], check=True)
    file = str(SAMPLE / "Dockerfile")
    rows = {
        "dot -Tsvg": ["dot", "-Tsvg", str(dot), "-o", f"{folder}/dot.svg"],
        "dockerfilegraph -o svg": ["dockerfilegraph", "--filename", file, "--output", "svg"],
    }
    return {name: command for name, command in rows.items() if shutil.which(command[0])}


def main() -> None:
    imports = [sys.executable, "-c", IMPORTS]
    print(f"whole processes on {SAMPLE.name}, CPU, median of {PAIRS} pairs with `python -c {IMPORTS!r}`")
    with tempfile.TemporaryDirectory() as folder:
        rows = {**commands(folder), "the imports alone": imports, **peers(folder)}
        for name, command in rows.items():
            seconds, ratio = pairs(command, imports, folder)
            print(f"  {name:22} {seconds * 1000:7.1f} ms  {ratio:5.2f} times the imports")


if __name__ == "__main__":
    main()
