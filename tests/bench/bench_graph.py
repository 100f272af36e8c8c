"""How fast a Dockerfile becomes a graph: in process, and as it grows.

    python -m tests.bench.bench_graph

The peer in process is ``dockerfile`` from PyPI, BuildKit's own parser bound to Python, where it is
installed: it parses and does nothing more.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import stagegraph as sg

from .bench_start import child

ORDINARY = Path(__file__).with_name("ordinary.Dockerfile")
EDGES_OF_A_STAGE = 4


def milliseconds(work: Callable[[], object], runs: int, rounds: int) -> float:
    """CPU time of one run in the best of ``rounds`` rounds of ``runs`` runs."""
    work()
    best = float("inf")
    for _ in range(rounds):
        start = time.process_time()
        for _ in range(runs):
            work()
        best = min(best, (time.process_time() - start) / runs)
    return best * 1000


def large(stages: int) -> str:
    """A Dockerfile of ``stages`` stages, each with four edges to stages above it."""
    chance = random.Random(stages)
    lines = ["FROM alpine AS s0"]
    for index in range(1, stages):
        lines.append(f"FROM s{chance.randint(max(0, index - 9), index - 1)} AS s{index}")
        lines += [
            f"COPY --from=s{chance.randint(0, index - 1)} /out/{number} /in/{number}"
            for number in range(EDGES_OF_A_STAGE - 1)
        ]
    return "\n".join(lines) + "\n"


def graph_of(source: sg.Source) -> object:
    return sg.read(source).graph()


def report_of(source: sg.Source) -> object:
    return sg.analyse(sg.read(source))


def in_process() -> None:
    source = sg.Source(name="Dockerfile", text=ORDINARY.read_text("utf-8"))
    print(f"in process, {ORDINARY.name} (20 instructions, 4 stages), CPU")
    print(f"  text to pruned graph    {milliseconds(partial(graph_of, source), 100, 20):7.2f} ms")
    print(f"  text to report          {milliseconds(partial(report_of, source), 50, 10):7.2f} ms")
    try:
        import dockerfile
    except ImportError:
        print("  dockerfile              not installed (pip install dockerfile)")
    else:
        peer = milliseconds(partial(dockerfile.parse_string, source.text), 100, 20)
        print(f"  dockerfile, parse only  {peer:7.2f} ms")


def growth() -> None:
    print(f"as it grows, {EDGES_OF_A_STAGE} edges a stage, CPU")
    for stages in (500, 1000, 2000, 5000):
        source = sg.Source(name="Dockerfile", text=large(stages))
        graph = milliseconds(partial(graph_of, source), 1, 2)
        report = milliseconds(partial(report_of, source), 1, 1)
        each = graph / stages
        print(f"  {stages:5} stages: graph {graph:6.0f} ms ({each:.2f} a stage), report {report:6.0f} ms")


def memory(folder: str) -> None:
    file = Path(folder, "Dockerfile")
    file.write_text(large(1000))
    _, peak = child(
        [sys.executable, "-m", "stagegraph", "render", str(file), "-o", str(Path(folder, "x.mmd"))]
    )
    print(f"memory, 1,000 stages rendered as Mermaid: {peak:.0f} MiB at most")


def main() -> None:
    # children first: the peak of a child is never below that of the process that starts it
    with tempfile.TemporaryDirectory() as folder:
        memory(folder)
    in_process()
    growth()


if __name__ == "__main__":
    main()
