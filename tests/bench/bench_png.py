"""What a picture costs as PNG compared with SVG: whole processes, and drawing alone.

    python -m tests.bench.bench_png

Runs ``stagegraph render`` for each sample, and for a chain and a fan of 120 stages, in turn as SVG and as
PNG. Most of a PNG is spent in resvg, which compresses about a million pixels in 70 ms.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import stagegraph as sg

from .bench_start import child

SAMPLES = Path(__file__).parents[2] / "samples"
STAGES = 120
PAIRS = 5


def shapes() -> dict[str, str]:
    """The text of each Dockerfile by its name."""
    texts = {path.parent.name: path.read_text("utf-8") for path in sorted(SAMPLES.glob("*/Dockerfile"))}
    numbers = range(STAGES)
    texts["chain"] = "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nRUN {n}\n" for n in numbers)
    texts["fan"] = "".join(f"FROM a{n} AS s{n}\nRUN {n}\n" for n in numbers) + "FROM b\n"
    texts["fan"] += "".join(f"COPY --from=s{n} /x{n} /y{n}\n" for n in numbers)
    return texts


def process(file: Path, suffix: str) -> float:
    """CPU seconds of ``stagegraph render``."""
    output = file.with_suffix(suffix)
    return child([sys.executable, "-m", "stagegraph", "render", str(file), "-o", str(output)])[0]


def drawing(text: str, name: str) -> float:
    """Seconds that drawing takes in a process that has its imports."""
    report = sg.analyse(sg.read(sg.Source(name="Dockerfile", text=text)))
    start = time.perf_counter()
    sg.render(report, name)
    return time.perf_counter() - start


def ratio(pairs: list[tuple[float, float]]) -> str:
    """The medians in ms, and the median of PNG by SVG."""
    svg, png = (statistics.median(times) * 1000 for times in zip(*pairs, strict=True))
    return f"{svg:6.0f} {png:6.0f} ms {statistics.median(b / a for a, b in pairs):5.1f} times"


def main() -> None:
    print(f"{'':18} whole process, SVG and PNG       drawing alone")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in shapes().items():
            file = Path(folder, f"{name}.Dockerfile")
            file.write_text(text, "utf-8")
            process(file, ".png"), drawing(text, "png")
            whole = [(process(file, ".svg"), process(file, ".png")) for _ in range(PAIRS)]
            alone = [(drawing(text, "svg"), drawing(text, "png")) for _ in range(PAIRS)]
            print(f"{name:18} {ratio(whole)}     {ratio(alone)}")


if __name__ == "__main__":
    main()
