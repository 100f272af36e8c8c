"""How long comparing two builds takes, and how that grows.

Run with ``python -m tests.bench.bench_diff``; --gate exits 1 above the limit.
"""

from __future__ import annotations

import random
import sys
import time

import stagegraph as sg

STEEPEST = 16.0  # times as long for eight times as many stages
INSTRUCTIONS = 20_000  # of one stage


def dockerfile(stages: int, *, changed: bool) -> str:
    """Stages that read each other; when ``changed`` one in a hundred does something else."""
    chance = random.Random(stages)
    lines = ["FROM alpine AS s0"]
    for index in range(1, stages):
        lines.append(f"FROM s{chance.randint(max(0, index - 50), index - 1)} AS s{index}")
        lines += [f"COPY --from=s{chance.randint(0, index - 1)} /a{n} /b{n}" for n in range(3)]
        lines.append(f"RUN step {index}" + (" more" if changed and index % 100 == 0 else ""))
    return "\n".join(lines)


def one_stage(seed: int) -> str:
    """A stage of few instructions that come again and again, in an order of its own."""
    chance = random.Random(seed)
    return "FROM a\n" + "".join(f"RUN step {chance.randint(0, 150)}\n" for _ in range(INSTRUCTIONS))


def seconds(old: str, new: str) -> float:
    """The time of one comparison, without reading."""
    before, after = (sg.read(sg.Source(name="Dockerfile", text=text)) for text in (old, new))
    sg.analyse(before), sg.analyse(after)
    start = time.process_time()
    sg.compare(before, after)
    return time.process_time() - start


def main() -> int:
    times = {n: seconds(dockerfile(n, changed=False), dockerfile(n, changed=True)) for n in (500, 4_000)}
    for stages, taken in times.items():
        print(f"two builds of {stages:,} stages: {taken:.2f} s")
    print(f"two stages of {INSTRUCTIONS:,} instructions: {seconds(one_stage(1), one_stage(2)):.2f} s")
    return 1 if "--gate" in sys.argv and times[4_000] > STEEPEST * times[500] else 0


if __name__ == "__main__":
    sys.exit(main())
