"""The builds that a bake or compose file asks for, as targets of a repository."""

from __future__ import annotations

import posixpath

from stagegraph.bake.model import Bake, Target
from stagegraph.options import Options
from stagegraph.rebuild.targets import BuildTarget

# attributes that change the image, or where it goes, and are not part of the key of a step
_EXPORT = ("tags", "labels", "annotations", "platforms", "output", "attest", "call")


def build_targets(bake: Bake, prefix: str) -> list[BuildTarget]:
    """The targets of ``bake`` whose contexts are folders; ``prefix`` is its directory, from the root."""
    return [_build_target(one, prefix) for one in bake.targets if not _is_remote(one.context)]


def _is_remote(context: str) -> bool:
    return "://" in context or context.startswith(("git@", "github.com/")) or context == "-"


def _build_target(target: Target, prefix: str) -> BuildTarget:
    context = _inside(prefix, target.context)
    unknown = ", ".join(sorted(target.unknown))
    return BuildTarget(
        name=target.name,
        dockerfile=_inside(context, target.dockerfile),
        context=context,
        options=Options(
            target=target.target or None,
            build_args=dict(target.args),
            platforms=tuple(target.platforms),
            contexts={name: _context(value, prefix) for name, value in target.contexts.items()},
        ),
        inline=target.dockerfile_inline,
        export={name: value for name in _EXPORT if (value := _exported(target, name))},
        note=f"not known and taken as unchanged: {unknown}" if unknown else "",
    )


def _exported(target: Target, name: str) -> object:
    """An attribute; a target that is built only for another one has another output, set by bake."""
    return None if target.linked and name == "output" else getattr(target, name)


def _context(value: str, prefix: str) -> str:
    """A named context; a folder is from the root."""
    return value if ":" in value else _inside(prefix, value)


def _inside(folder: str, path: str) -> str:
    return posixpath.normpath(posixpath.join(folder, path.removeprefix("cwd://")))
