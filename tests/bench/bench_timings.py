"""How long ``stagegraph timings`` takes over a record of 10,000 vertexes and 200,000 status lines.

Run with ``python -m tests.bench.bench_timings``; --gate exits 1 above the limits.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

import stagegraph as sg
from stagegraph.records.reading import records_of
from stagegraph.records.record import SECOND, Record
from tests.made_record import made_record, many_stages

STAGES, RUNS = 1000, 8  # about 10,000 vertexes
STATUSES = 200_000
LOG_LINES = 200_000
LIMIT = 5.0  # seconds of processor time, the whole process
MEMORY = 300  # MiB
STEEPEST = 14.0  # times as long for a record eight times as large


def lines_of(record: Record, statuses: int) -> Iterator[str]:
    """``record`` as --progress=rawjson prints it: each vertex announced, started, in progress, completed."""
    each = statuses // len(record.vertices)
    for vertex in record.vertices:
        head = {"digest": vertex.digest, "name": vertex.name, "inputs": list(vertex.inputs)}
        start, end = vertex.intervals[0]
        yield json.dumps({"vertexes": [head]})
        yield json.dumps({"vertexes": [head | {"started": timestamp(start)}]})
        for number in range(each):
            status = {"id": f"sha256:{number % 3:064x}", "vertex": vertex.digest, "current": number * 1000}
            yield json.dumps({"statuses": [status | {"total": each * 1000, "timestamp": timestamp(end)}]})
        done = {"started": timestamp(start), "completed": timestamp(end), "cached": vertex.cached}
        yield json.dumps({"vertexes": [head | done]})


def timestamp(time_: int) -> str:
    whole, rest = divmod(time_, SECOND)
    return f"{datetime.fromtimestamp(whole, UTC):%Y-%m-%dT%H:%M:%S}.{rest:09}Z"


def write(folder: Path, stages: int, statuses: int) -> int:
    """Write a Dockerfile and a record of it to ``folder``; returns the number of vertexes."""
    source, options = many_stages(stages, RUNS)
    record = made_record(source, options)
    (folder / "Dockerfile").write_text(source.text, "utf-8")
    with (folder / "build.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(f"{line}\n" for line in lines_of(record, statuses))
    return len(record.vertices)


def whole_process(folder: Path) -> float:
    command = [sys.executable, "-m", "stagegraph", "timings", "build.jsonl", "Dockerfile"]
    before = processor_time()
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return processor_time() - before


def processor_time() -> float:
    """Seconds of processor time of all child processes so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def analysis(stages: int) -> float:
    """Seconds of processor time to measure a record that was read."""
    source, options = many_stages(stages, RUNS)
    record = made_record(source, options)
    began = time.process_time()
    sg.measure(record)
    return time.process_time() - began


def log_lines(prefix: str) -> bytes:
    """A log of one build with much output; ``prefix`` is formatted with the position of each line."""
    steps = [f"#{n} [{n}/9] RUN make part{n}" for n in range(1, 10)]
    output = [f"#{n % 9 + 1} {n / 1000:.3f} compiling file {n} of the program" for n in range(LOG_LINES)]
    ends = [f"#{n} DONE {n}.5s" for n in range(1, 10)]
    lines = [f"{prefix.format(n)}{line}\n" for n, line in enumerate([*steps, *output, *ends])]
    return "".join(lines).encode()


def log_speed(prefix: str) -> float:
    """MB of a log that are read in a second of processor time."""
    data = log_lines(prefix)
    began = time.process_time()
    (record,) = records_of(BytesIO(data), "build.log")
    assert all(vertex.stated for vertex in record.vertices)
    return len(data) / 1e6 / (time.process_time() - began)


def main() -> int:
    for prefix in ("", "2026-01-05T18:29:13.{:07}Z ", "api-1  | ", "[build:{}] "):
        print(f"log of {LOG_LINES} lines behind {prefix!r}: {log_speed(prefix):.0f} MB/s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        count = write(folder, STAGES, STATUSES)
        size = (folder / "build.jsonl").stat().st_size / 1e6
        took = min(whole_process(folder) for _ in range(3))
    memory = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    steeper = analysis(STAGES) / analysis(STAGES // 8)
    print(f"{count} vertexes, {STATUSES} statuses, {size:.0f} MB: {took:.1f} s, {memory:.0f} MiB")
    print(f"measuring a record eight times as large: {steeper:.1f} times as long")
    within = took <= LIMIT and memory <= MEMORY and steeper <= STEEPEST
    return int("--gate" in sys.argv and not within)


if __name__ == "__main__":
    sys.exit(main())
