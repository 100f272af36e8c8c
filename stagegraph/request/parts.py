"""Turns the targets of a bake file into the parts of a request, and names what is in them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from stagegraph.bake.model import Target
from stagegraph.bake.target_checks import is_remote
from stagegraph.dockerfile.file import Dockerfile
from stagegraph.dockerfile.resolve import TargetResolver
from stagegraph.dockerfile.scope import built_image
from stagegraph.dockerfile.stages import BuiltImage, BuiltImages
from stagegraph.errors import DockerfileError, OptionsError
from stagegraph.graph.build import Build
from stagegraph.graph.naming import LINK, Naming
from stagegraph.graph.request import Part
from stagegraph.graph.steps import TargetBuild, with_shared_actions
from stagegraph.model import CONTEXT_ID, NodeKind, remote_id
from stagegraph.options import DEFAULT_PLATFORM, Options
from stagegraph.request.dockerfiles import Dockerfiles

_LOCAL = "local"  # the platform of the builder


class Group(NamedTuple):
    """The targets that build one Dockerfile with the same arguments and contexts; they share its stages."""

    targets: list[Target]
    file: Dockerfile
    options: Options

    @property
    def context(self) -> str:
        """The folder or address of the build context."""
        return self.targets[0].context


def linked_first(targets: Sequence[Target]) -> list[Target]:
    """``targets``, each after those that it has as contexts; bake accepts no cycles."""
    import networkx

    by_name = {one.name: one for one in targets}
    graph: networkx.DiGraph[str] = networkx.DiGraph()
    graph.add_nodes_from(by_name)
    graph.add_edges_from((other, one.name) for one in targets for other in links(one) if other in by_name)
    return [by_name[name] for name in networkx.lexicographical_topological_sort(graph)]


def links(target: Target) -> Iterator[str]:
    """The names of the targets that are named contexts of ``target``."""
    return (value.removeprefix(LINK) for value in target.contexts.values() if value.startswith(LINK))


def groups_of(targets: Iterable[Target], dockerfiles: Dockerfiles) -> list[Group]:
    """The groups of ``targets`` whose Dockerfile is here, in the order of their first targets.

    Targets of a group have the same contexts, so a group comes after those that it reads if its targets do.
    Raises BakeError and DockerfileError.
    """
    groups: dict[object, Group] = {}
    for target in targets:
        name = dockerfiles.name(target)
        if name:
            options = Options(build_args=dict(target.args), contexts=dict(target.contexts))
            arguments, contexts = (tuple(sorted(each.items())) for each in (target.args, target.contexts))
            key = (name, _folder(target.context), arguments, contexts)
            if key not in groups:
                groups[key] = Group([], dockerfiles.read(target), options)
            groups[key].targets.append(target)
    return list(groups.values())


def parts_of(groups: Sequence[Group], remote: Sequence[Target], dockerfiles: Dockerfiles) -> list[Part]:
    """The parts of a request that builds ``groups``, and ``remote``, whose Dockerfiles are not here.

    Raises DockerfileError and OptionsError.
    """
    names = _part_names(groups) if len(groups) + len(remote) > 1 else [""] * len(groups)
    several = sum(len(group.targets) for group in groups) + len(remote) > 1
    contexts = _context_names(groups)
    results = {target.name: remote_node(target) for target in remote}
    linked = {name for group in groups for target in group.targets for name in links(target)}
    implicit = {target.name for group in groups for target in group.targets if not target.platforms}
    parts: list[Part] = []
    images: dict[str, dict[str, BuiltImage]] = {}
    first = 0
    for group, name in zip(groups, names, strict=True):
        known = {value: images[value] for value in group.options.contexts.values() if value in images}
        build = _build(group, known, dockerfiles)
        sources, labels = _sources(group, name, contexts, results)
        labels |= _unnamed(build, name)
        naming = Naming(
            part=name,
            first_stage=first,
            context=_folder(group.context),
            sources=sources,
            labels=labels,
            prefixes=several,
        )
        parts.append(Part(build=build, naming=naming))
        first += len(group.file.stages)
        for one in build.target_builds:
            results |= dict.fromkeys(one.names, naming.stage(one.resolved.target))
            for target in linked.intersection(one.names):
                by_platform = images.setdefault(f"{LINK}{target}", {})
                by_platform[str(one.resolved.target_platform)] = built_image(
                    one.resolved, implicit_platform=target in implicit
                )
    return parts


def _unnamed(build: Build, part: str) -> dict[str, str]:
    """The labels of target stages without a name: those of the bake targets."""
    naming = Naming(part=part)
    unnamed = (one for one in build.target_builds if not one.resolved.sources[one.resolved.target].name)
    return {naming.stage(one.resolved.target): ", ".join(one.names) for one in unnamed if part}


def remote_node(target: Target) -> str:
    """The node id of a target whose Dockerfile is not here."""
    return f"{target.name}/{remote_id(target.context)}"


def _folder(context: str) -> str:
    return context if is_remote(context) else posixpath.normpath(context)


def _part_names(groups: Sequence[Group]) -> list[str]:
    """The target of a group of one; of others the Dockerfile, or the first target if groups share that."""
    files = [group.file.source.name for group in groups]
    return [
        name if len(group.targets) > 1 and files.count(name) == 1 else group.targets[0].name
        for group, name in zip(groups, files, strict=True)
    ]


def _build(group: Group, images: BuiltImages, dockerfiles: Dockerfiles) -> Build:
    """The build of every target of ``group`` on each of its platforms; equal ones once."""
    resolver = TargetResolver(group.file, group.options, images)
    builds: dict[tuple[int, str, bool], TargetBuild] = {}
    for target in group.targets:
        platforms = _platforms(target)
        for platform in platforms:
            try:
                resolved = resolver.resolve(target.target or "", platform)
            except (DockerfileError, OptionsError) as error:
                attribute = "target" if isinstance(error, DockerfileError) else "platforms"
                raise dockerfiles.about(target, error, attribute) from None
            key = (resolved.target, str(resolved.target_platform), len(platforms) > 1)
            names = (*builds[key].names, target.name) if key in builds else (target.name,)
            builds[key] = TargetBuild(resolved=resolved, several=len(platforms) > 1, names=names)
    platforms = tuple(dict.fromkeys(platform for target in group.targets for platform in _platforms(target)))
    options = Options(
        build_args=group.options.build_args, contexts=group.options.contexts, platforms=platforms
    )
    return Build(file=group.file, options=options, target_builds=with_shared_actions(builds.values()))


def _platforms(target: Target) -> tuple[str, ...]:
    words = (word.strip() for text in target.platforms for word in text.split(","))
    names = (DEFAULT_PLATFORM if word == _LOCAL else word for word in words if word)
    return tuple(dict.fromkeys(names)) or (DEFAULT_PLATFORM,)


class _ContextNames(NamedTuple):
    """Which contexts are the same for all groups, and need no name of their own."""

    one_folder: bool
    shared: Mapping[str, bool]


def _context_names(groups: Sequence[Group]) -> _ContextNames:
    values: dict[str, set[str]] = {}
    for group in groups:
        for name, value in group.options.contexts.items():
            values.setdefault(name, set()).add(value)
    folders = {_folder(group.context) for group in groups}
    return _ContextNames(len(folders) == 1, {name: len(own) == 1 for name, own in values.items()})


def _sources(
    group: Group, part: str, names: _ContextNames, results: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str]]:
    """The ids in the request of the contexts of ``group``, and the labels of those."""
    ids, labels = {}, {}
    if not names.one_folder:
        folder = _folder(group.context)
        ids[CONTEXT_ID] = f"{CONTEXT_ID}:{folder}"
        labels[ids[CONTEXT_ID]] = f"build context {folder}"
    for name, value in group.options.contexts.items():
        own = f"{NodeKind.NAMED_CONTEXT}:{name}"
        if value.startswith(LINK) and value.removeprefix(LINK) in results:
            ids[own] = results[value.removeprefix(LINK)]
        elif not names.shared[name]:
            ids[own] = f"{part}/{own}"
    return ids, labels
