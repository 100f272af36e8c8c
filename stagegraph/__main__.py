"""``python -m stagegraph``."""

from stagegraph.cli import main

if __name__ == "__main__":
    main()
