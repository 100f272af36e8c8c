"""The options of a build, with Docker's names."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

DEFAULT_PLATFORM = "linux/amd64"


class Options(Struct, frozen=True, kw_only=True):
    """The options of a build; the defaults are those of ``docker build .`` on linux/amd64.

    ``target`` is one target, ``targets`` several; ``platforms`` are target platforms. ``contexts`` are
    named contexts, which replace a stage or an image of that name.
    """

    target: str | None = None
    targets: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    build_platform: str = DEFAULT_PLATFORM

    @property
    def all_targets(self) -> tuple[str, ...]:
        """The targets, each once, in order; empty for the default target."""
        named = (self.target, *self.targets) if self.target else self.targets
        return tuple(dict.fromkeys(named))

    @property
    def all_platforms(self) -> tuple[str, ...]:
        """The target platforms, each once, in order; the build platform by default."""
        return tuple(dict.fromkeys(self.platforms)) or (self.build_platform,)
