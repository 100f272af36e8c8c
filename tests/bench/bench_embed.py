"""How long ``stagegraph embed --check`` takes over a project with many pages.

Run with ``python -m tests.bench.bench_embed``; --gate exits 1 above the limits.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from stagegraph.embedding.blocks import blocks_of
from stagegraph.embedding.markdown import MARKDOWN
from stagegraph.embedding.page import page_from_bytes
from stagegraph.errors import InputError

PAGES = 500
BLOCKS = 50
LIMIT = 2.0  # seconds, the whole process
SAMPLES = Path(__file__).parent.parent.parent / "samples"
# What a page can be full of, each once hard for a parser of Markdown.
PIECES = (
    "> " * 200 + "\n",
    "<!-- stagegraph: ",
    "<!-- stagegraph: . -->\n<!-- /stagegraph -->\n",
    "<!-- stagegraph\n",
    "- stagegraph\n",
    "[stagegraph](",
    "<a stagegraph ",
    "`stagegraph",
    "a <!-- stagegraph: x --> b\n",
    "\\<!-- stagegraph: x\n",
    "![[stagegraph",
)
STEEPEST = 16  # times as long for a page eight times as large
_TEXT = "# Page {n}\n\nWhat this page says of `stagegraph`.\n\n```sh\nmake\n```\n\n" + "- one point\n" * 60
_BLOCK = "\n<!-- stagegraph: {dockerfile} -->\n<!-- /stagegraph -->\n"


def project(folder: Path) -> None:
    """Pages in folders, every tenth with a block, the samples in turn; all of them true."""
    dockerfiles = sorted(SAMPLES.glob("*/Dockerfile"))
    for dockerfile in dockerfiles:
        (folder / dockerfile.parent.name).mkdir()
        shutil.copy(dockerfile, folder / dockerfile.parent.name)
    for number in range(PAGES):
        page = folder / f"docs{number % 10}" / f"page{number}.md"
        page.parent.mkdir(exist_ok=True)
        name = dockerfiles[number // 10 % len(dockerfiles)].parent.name
        block = _BLOCK.format(dockerfile=f"../{name}") if number % (PAGES // BLOCKS) == 0 else ""
        page.write_text(_TEXT.format(n=number) + block, "utf-8")
    assert embed(folder) == 0


def embed(folder: Path, *options: str) -> int:
    command = [sys.executable, "-m", "stagegraph", "embed", *options, "."]
    return subprocess.run(command, cwd=folder, check=False, stderr=subprocess.DEVNULL).returncode


def seconds(folder: Path) -> float:
    """The wall time of one whole check."""
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "stagegraph", "embed", "--check", "."], cwd=folder, check=False
    )
    assert done.returncode == 0
    return time.perf_counter() - start


def growth(piece: str) -> float:
    """How many times longer a page full of ``piece`` takes when it is eight times as large."""

    def once(size: int) -> float:
        markdown = page_from_bytes((piece * (size // len(piece))).encode(), "page.md", MARKDOWN)
        start = time.process_time()
        with suppress(InputError):
            blocks_of(markdown)
        return time.process_time() - start

    once(1000)
    return min(once(320_000) for _ in range(3)) / max(0.002, min(once(40_000) for _ in range(3)))


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        project(folder)
        times = sorted(seconds(folder) for _ in range(5))
    print(f"embed --check, {PAGES} pages with {BLOCKS} blocks: {times[0]:.2f} to {times[-1]:.2f} s")
    steep = max(growth(piece) for piece in PIECES)
    print(f"a page eight times as large: at most {steep:.1f} times as long")
    return 1 if "--gate" in sys.argv and (times[0] > LIMIT or steep > STEEPEST) else 0


if __name__ == "__main__":
    sys.exit(main())
