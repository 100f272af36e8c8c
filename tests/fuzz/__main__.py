"""``python -m tests.fuzz``: runs the attacks and as many random changes of them as you ask for."""

from __future__ import annotations

import argparse
import sys
import time

from .attacks import attacks
from .mutants import mutants
from .run import problems


def main() -> int:
    """Print every problem; the exit code is 1 if there is one."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1_000, help="random changes to try (default: 1000)")
    parser.add_argument("--first", type=int, default=0, help="number of the first one (default: 0)")
    options = parser.parse_args()
    failed, start = 0, time.monotonic()
    for attack, found in problems([*attacks(), *mutants(options.first, options.count)]):
        for problem in found:
            failed += 1
            print(f"{attack.name}: {problem}", flush=True)
    print(f"{failed} problems in {time.monotonic() - start:.0f} s", file=sys.stderr)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
