"""Checks Dockerfiles by rules, with the builds that are known of each, and fixes dead stages."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Package(ModuleType):
    """The package, which is also the function ``stagegraph.check`` of the library."""

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        from stagegraph.check.run import check_paths

        return check_paths(*arguments, **options)


sys.modules[__name__].__class__ = _Package
