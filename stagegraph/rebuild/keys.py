"""What the cache key of a step is made of: its definition, and how each of its inputs is matched.

Rules: moby/buildkit solver/llbsolver/ops/exec.go and file.go (CacheMap), and
frontend/dockerfile/dockerfile2llb/convert_copy.go and convert_runmount.go.
"""

from __future__ import annotations

import posixpath
from collections.abc import Hashable, Mapping, Sequence
from typing import NamedTuple

from stagegraph.dockerfile.actions import CopyAction, CopyPart, RunAction, WorkdirAction
from stagegraph.dockerfile.mounts import Mount
from stagegraph.dockerfile.references import file_name
from stagegraph.graph.steps import RawStep, sorted_mounts
from stagegraph.model import StepKind
from stagegraph.rebuild.ignore import clean
from stagegraph.rebuild.selection import Selector, has_wildcards, without_repeats

_PIVOT = "/./"
_FILE_OPTIONS = ("owner", "mode")
_RUN_OPTIONS = ("network", "security")
# arguments for BuildKit itself that become part of keys (frontend/dockerui/config.go)
_EPOCH = "SOURCE_DATE_EPOCH"
_HOSTNAME = "BUILDKIT_SANDBOX_HOSTNAME"
_NAMESPACE = "BUILDKIT_CACHE_MOUNT_NS"


class KeyInput(NamedTuple):
    """One input: the position of a step, and what of its output is read.

    It matches if the step is the same and ``selectors`` have the same paths; with ``by_content`` also if
    the digest of what ``selectors`` select is the same.
    """

    step: int
    selectors: tuple[Selector, ...] = ()
    by_content: bool = False

    @property
    def paths(self) -> tuple[str, ...]:
        """The paths that are read."""
        return tuple(selector.path for selector in self.selectors)


class StepKey(NamedTuple):
    """The parts of a definition by name, and the inputs."""

    definition: tuple[tuple[str, Hashable], ...]
    inputs: tuple[KeyInput, ...]


def step_keys(steps: Sequence[RawStep], build_args: Mapping[str, str]) -> list[StepKey]:
    """The key of every step, in order."""
    return [_key(step, build_args) for step in steps]


def _key(step: RawStep, build_args: Mapping[str, str]) -> StepKey:
    work = step.work
    if step.kind is StepKind.MERGE:
        return StepKey((("operation", "merge"),), _by_key(step.onto, *step.reads))
    if isinstance(work, RunAction):
        return _run_key(step, work, build_args)
    epoch = ("epoch", build_args.get(_EPOCH, ""))
    if isinstance(work, CopyAction):
        return _copy_key(step, work, epoch)
    if isinstance(work, WorkdirAction):
        definition = (("operation", "mkdir"), ("path", work.path), ("user", work.user), epoch)
        return StepKey(definition, _by_key(step.onto))
    words = step.words
    return StepKey((("operation", words[:1]), ("source", _source(words))), _by_key(step.onto))


def _by_key(*positions: int | None) -> tuple[KeyInput, ...]:
    return tuple(KeyInput(position) for position in positions if position is not None)


def _source(words: tuple[str, ...]) -> Hashable:
    """What identifies a source: of an image its digest, of a download its checksum, if it has one."""
    if words[0] == "image" and "@" in words[1]:
        return (words[1].rpartition("@")[2], words[2])
    if words[:2] == ("remote", "file") and words[3]:  # not the URL (source/http/source.go, CacheKey)
        return (file_name(words[2]), words[3])
    return words[1:]


def _run_key(step: RawStep, action: RunAction, build_args: Mapping[str, str]) -> StepKey:
    mounts = [mount for mount, _ in sorted_mounts(action.mounts)]
    numbers = {step.onto: 0} if step.onto is not None else {}
    for read in step.reads:
        if read is not None:
            numbers.setdefault(read, len(numbers))
    described = tuple(
        _mount(mount, -1 if read is None else numbers[read], build_args)
        for mount, read in zip(mounts, step.reads, strict=False)
    )
    definition = (
        ("operation", "run"),
        ("command", action.words),
        ("environment", action.environment),
        ("working directory", action.workdir),
        ("user", action.user),
        ("mounts", described),
        ("script", action.document[0] if action.document else ""),
        ("options", action.options),
        ("platform", step.platform),
        ("on nothing", step.onto is None),
        ("host name", build_args.get(_HOSTNAME, "")),
    )
    return StepKey(definition, _run_inputs(step, mounts))


def _mount(mount: Mount, number: int, build_args: Mapping[str, str]) -> Hashable:
    """A mount without its source path; the id of a cache counts only if it is the default one."""
    cache: Hashable = ()
    if mount.type == "cache" and mount.id == mount.target and mount.sharing == "shared":
        cache = ("default", build_args.get(_NAMESPACE, ""))
    if mount.type in ("secret", "ssh"):
        owner = (mount.id, mount.uid, mount.gid, mount.mode, mount.required, mount.environment)
        return (mount.type, mount.target, *owner)
    return (mount.type, mount.target, mount.readonly, mount.size, cache, number)


def _run_inputs(step: RawStep, mounts: Sequence[Mount]) -> tuple[KeyInput, ...]:
    """Mounts of one source are one input; the last of them decides whether it is matched by content.

    The root file system is not, and no mount of a Dockerfile has an output (getMountDeps).
    """
    found: dict[int, list[Selector]] = {}
    by_content: dict[int, bool] = {}
    if step.onto is not None:
        found[step.onto], by_content[step.onto] = [Selector("/")], False
    for index, read in enumerate(step.reads):
        if read is not None:
            found.setdefault(read, []).append(Selector(_mount_path(mounts, index, step)))
            by_content[read] = True
    return tuple(
        KeyInput(read, without_repeats(selectors), by_content[read]) for read, selectors in found.items()
    )


def _mount_path(mounts: Sequence[Mount], index: int, step: RawStep) -> str:
    if index < len(mounts):
        mount = mounts[index]
        made = mount.type == "cache" and mount.source == "/" and mount.sets_owner
        return "/cache" if made else mount.source
    action = step.work
    assert isinstance(action, RunAction)
    return f"/{action.document[0]}" if action.document else "/"


def _copy_key(step: RawStep, action: CopyAction, epoch: tuple[str, str]) -> StepKey:
    numbers = {step.onto: 0} if step.onto is not None else {}
    found: dict[int, list[Selector]] = {}
    described: list[Hashable] = []
    for part, read in zip(action.parts, step.reads, strict=True):
        selector = copy_selector(part, action)
        if read is not None:
            found.setdefault(read, []).append(selector)
        number = -1 if read is None else numbers.setdefault(read, len(numbers))
        described.append(
            (posixpath.basename(selector.path), part.options[:1], selector[3:], number, part.remote is None)
        )
    definition = (
        ("operation", "copy"),
        ("sources", tuple(described)),
        ("destination", action.target),
        *zip(_FILE_OPTIONS, action.options[:2], strict=True),
        ("on nothing", step.onto is None),
        epoch,
    )
    inputs = [] if step.onto is None else [KeyInput(step.onto)]
    for read, selectors in found.items():
        if read != step.onto:  # a source that is the destination too is matched by key only
            inputs.append(KeyInput(read, without_repeats(selectors), by_content=True))
    return StepKey(definition, tuple(inputs))


def copy_selector(part: CopyPart, action: CopyAction) -> Selector:
    """What one source of a copy selects of what it is read from."""
    exclude = action.options[2:]
    if part.text is not None or part.remote is not None:
        return Selector(clean(f"/{part.path}"), follow=False, exclude=exclude)
    if len(part.options) < 2:
        return Selector(part.path, has_wildcards(part.path), exclude=exclude)
    word = part.options[1]
    before, pivot, pattern = word.partition(_PIVOT)
    path, pattern = (before, pattern) if pivot else ("/", word)
    path, pattern = clean(f"/{path}"), clean(f"/{pattern}").lstrip("/")
    required = "" if has_wildcards(path) or has_wildcards(pattern) else clean(f"{path}/{pattern}")
    return Selector(path, has_wildcards(path), True, (pattern,), exclude, required)
