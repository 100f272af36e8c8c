"""What a user can ask of a build, with Docker's own names."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

DEFAULT_PLATFORM = "linux/amd64"


class Options(Struct, frozen=True, kw_only=True):
    """One question about a Dockerfile; the defaults ask what ``docker build .`` does on amd64.

    ``target`` is one target, ``targets`` several; ``platforms`` are target platforms, the first
    of which is drawn where one must be chosen; the build platform is always ``build_platform``.
    ``contexts`` are named contexts: they replace a stage or an image of that name.
    """

    target: str | None = None
    targets: tuple[str, ...] = ()
    build_args: Mapping[str, str] = field(default_factory=dict)
    platforms: tuple[str, ...] = ()
    contexts: Mapping[str, str] = field(default_factory=dict)
    build_platform: str = DEFAULT_PLATFORM

    @property
    def all_targets(self) -> tuple[str, ...]:
        """The targets asked for, each once, in order; none for the default target."""
        named = (self.target, *self.targets) if self.target else self.targets
        return tuple(dict.fromkeys(named))

    @property
    def all_platforms(self) -> tuple[str, ...]:
        """The target platforms asked for, each once, in order; the build platform by default."""
        return tuple(dict.fromkeys(self.platforms)) or (self.build_platform,)
