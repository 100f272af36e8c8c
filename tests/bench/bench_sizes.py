"""How long ``stagegraph sizes`` takes over a large image, beside GNU tar that lists the same layers.

Run with ``python -m tests.bench.bench_sizes``; --gate exits 1 above the limits.
"""

from __future__ import annotations

import gzip
import io
import random
import resource
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from tests import images

FILES, BYTES = 60_000, 10**9
MANY = 500_000  # files of the image for memory
TIMES = 1.5  # of what gzip and tar take
MEMORY = 200  # MiB
RUNS = 3


def layer(files: int, size: int, seed: int) -> bytes:
    """A layer with ``files`` files of ``size`` bytes each, half of them text that packs well."""
    chance = random.Random(seed)
    noise = chance.randbytes(1_000_000)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for number in range(files):
            at = chance.randrange(len(noise) - 1)
            data = (noise[at:] + noise)[: size // 2] + b"the same words " * (size // 30)
            member = tarfile.TarInfo(f"usr/lib/package{number % 300}/module{seed}/file{number}.js")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def write(folder: Path, files: int, size: int) -> Path:
    """Write an image of four packed layers with ``files`` files in all, and each layer beside it."""
    layers = [gzip.compress(layer(files // 4, size, seed), 6, mtime=0) for seed in range(4)]
    for number, packed in enumerate(layers):
        (folder / f"{number}.tar.gz").write_bytes(packed)
    path = folder / "image.tar"
    path.write_bytes(images.image_of(*layers))
    return path


def used(command: str, folder: Path) -> float:
    """Seconds of processor time of a command of the shell."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["bash", "-c", command], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


def memory(path: Path) -> float:
    """The most memory that ``stagegraph sizes`` has, in MiB."""
    code = (
        "import sys; from stagegraph.sizes.image import read_image;"
        "from stagegraph.sizes.sizes import sizes_of; sizes_of(read_image(sys.argv[1], lambda _: None));"
        "print(int(open('/proc/self/status').read().partition('VmHWM:')[2].split()[0]) / 1024)"
    )
    done = subprocess.run([sys.executable, "-c", code, path], check=True, capture_output=True, text=True)
    return float(done.stdout)


def main() -> int:
    failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder, FILES, BYTES // FILES)
        own, peer = [], []
        for _ in range(RUNS):
            own.append(used(f"{sys.executable} -m stagegraph sizes image.tar", folder))
            peer.append(used("for one in ?.tar.gz; do gzip -dc $one | tar -tv; done", folder))
        ratio = min(own) / min(peer)
        print(f"an image of {BYTES / 1e9:.0f} GB and {FILES:,} files: {min(own):.2f} s of processor time")
        print(f"gzip -dc | tar -tv over its layers: {min(peer):.2f} s, so {ratio:.2f} times as long")
        failed |= ratio > TIMES
    with tempfile.TemporaryDirectory() as name:
        most = memory(write(Path(name), MANY, 60))
        print(f"an image of {MANY:,} small files: {most:.0f} MiB")
        failed |= most > MEMORY
    return int(failed) if "--gate" in sys.argv else 0


if __name__ == "__main__":
    raise SystemExit(main())
