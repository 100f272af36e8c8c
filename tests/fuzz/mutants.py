"""Random changes of the attacks and of correct inputs; the same number gives the same change."""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import cache

from ..archives import cases
from ..conftest import ROOT
from .attacks import Attack, attacks, real_files

_LARGEST = 20_000  # bytes of a file that is changed
_MOST_CHANGES = 8
_TOKENS = [
    *(
        "FROM ",
        " AS ",
        "COPY --from=",
        "ONBUILD ",
        "ARG ",
        "ENV ",
        "RUN --mount=",
        "<<E\n",
        "\\\n",
        "$",
        "${",
        "}",
    ),
    *(
        ":-",
        "##",
        "//",
        "*",
        "'",
        '"',
        "[",
        "]",
        "{",
        "}",
        "&a ",
        "*a",
        "<<: ",
        "- ",
        ": ",
        "\t",
        "|\n",
        "!!x ",
    ),
    *(
        "target",
        "inherits = ",
        "matrix",
        "build: ",
        "docker build ",
        "--target ",
        "${{ ",
        " }}",
        "\r\n",
        "\x00",
    ),
    *(
        "\x1b[31m",
        "\u202e",
        "\ufeff",
        "9" * 30,
        "-1",
        "1e400",
        "null",
        "true",
        "#1 ",
        "DONE ",
        "CACHED",
        "../",
        "::",
    ),
    *("<!-- stagegraph: ", " -->", "<!-- /stagegraph -->", "```", "> ", "| "),
]


def mutants(first: int, count: int) -> Iterator[Attack]:
    """The changed inputs of the numbers from ``first`` on."""
    for number in range(first, first + count):
        yield _mutant(number)


def _mutant(number: int) -> Attack:
    chance = random.Random(number)
    kind = chance.choice(list(_seeds()))
    seed, other = (chance.choice(_seeds()[kind]) for _ in range(2))
    path = chance.choice([path for path in seed.files if not path.startswith(".git/")])
    data = bytearray(seed.files[path])
    for _ in range(chance.randint(1, _MOST_CHANGES)):
        _change(chance, data, chance.choice(list(other.files.values())))
    return Attack(f"{number} ({kind}: {seed.name})", kind, {**seed.files, path: bytes(data)})


@cache
def _seeds() -> dict[str, list[Attack]]:
    """The small inputs by kind: attacks, real records, samples, and repositories of the tests."""
    seeds: dict[str, list[Attack]] = {}
    for one in (*attacks(), *real_files(), *_repositories(), *_pages()):
        if sum(map(len, one.files.values())) <= _LARGEST:
            seeds.setdefault(one.kind, []).append(one)
    return seeds


def _repositories() -> Iterator[Attack]:
    for archive in sorted((ROOT / "tests/repositories").glob("*.txt")):
        for case in cases(archive):
            files = {path: text.encode() for path, text in case.files.items()}
            yield Attack(case.name, "repository", {".git/HEAD": b"", **files})


def _pages() -> Iterator[Attack]:
    for path in sorted((ROOT / "docs").glob("*.md")):
        yield Attack(path.name, "page", {"page.md": path.read_bytes(), "Dockerfile": b"FROM a\n"})


def _change(chance: random.Random, data: bytearray, other: bytes) -> None:
    """Cut, repeat, move or insert something at a random place."""
    at = chance.randint(0, len(data))
    end = min(len(data), at + chance.choice([1, 4, 40, 400]))
    how = chance.randrange(6)
    if how == 0:
        del data[at:end]
    elif how == 1:
        data[at:at] = data[at:end] * chance.choice([1, 2, 50])
    elif how == 2:
        start = chance.randint(0, len(other))
        data[at:end] = other[start : start + chance.choice([10, 100, 1000])]
    elif how == 3:
        data[at:end] = bytes(chance.randrange(256) for _ in range(min(4, end - at)))
    else:
        data[at:at] = chance.choice(_TOKENS).encode() * chance.choice([1, 1, 1, 3, 300])
