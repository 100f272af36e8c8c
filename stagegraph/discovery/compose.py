"""Finds the services of compose files that have a ``build``.

Rules: github.com/compose-spec/compose-spec build.md and 12-interpolation.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stagegraph.discovery.found_build import FoundBuild, Note, ReadingLimits
from stagegraph.discovery.missing import missing_file
from stagegraph.discovery.repository import Repository, is_remote
from stagegraph.discovery.yaml_file import Table, Yaml, YamlError, read_yaml

_MAIN = re.compile(r"(?:docker-)?compose\.ya?ml")
_MOST_PARENTS = 20
_STEPS_OF_SERVICE = 200
_HOLE = re.compile(r"\$(?:(\$)|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::?([-+?])([^{}]*))?\})")


def compose_builds(path: str, text: str, repository: Repository) -> tuple[list[FoundBuild], list[Note]]:
    """The builds of the compose file at ``path``, and notes on what is not understood."""
    try:
        root = read_yaml(text)
    except YamlError as error:
        return [], [Note(file=path, line=None, message=f"not understood: {error}")]
    builds: list[FoundBuild] = []
    notes: list[Note] = []
    limits = ReadingLimits()
    # a file that is merged over another (compose.override.yaml) need not repeat the context
    main = bool(_MAIN.fullmatch(path.rpartition("/")[2]))
    services = root.table("services") if isinstance(root, Table) else Table()
    for name, service in services.items():
        if isinstance(service, Table):
            own = _build(services, name, (), limits)
            if own is not None:
                whole = main and not _extends_elsewhere(services, name)
                builds.extend(_service(path, service.line("build"), name, own, whole, repository))
                limits.build()
    for build in builds:
        if build.unknown:
            message = f"service {build.name}: {', '.join(sorted(build.unknown))} not understood"
            notes.append(Note(file=path, line=build.line, message=message, of_build=True))
    return builds, notes


def _build(services: Table, name: str, path: tuple[str, ...], limits: ReadingLimits) -> Yaml:
    """The ``build`` of a service, merged over that of the service it extends in the same file."""
    own = services.table(name).get("build")
    arguments = own.get("args") if isinstance(own, Table) else None
    size = len(arguments.values) if isinstance(arguments, Table) else len(arguments or ())
    limits.spend(_STEPS_OF_SERVICE + 10 * (size + len(_as_table(own).values)))
    extends = services.table(name).get("extends")
    parent = extends.text("service") if isinstance(extends, Table) else extends
    if not isinstance(parent, str) or _elsewhere(extends) or name in path or len(path) > _MOST_PARENTS:
        return own
    inherited = _build(services, parent, (*path, name), limits)
    if own is None or inherited is None:
        return own if inherited is None else inherited
    return Table(values={**dict(_as_table(inherited).items()), **dict(_as_table(own).items())})


def _extends_elsewhere(services: Table, name: str) -> bool:
    """Whether a service extends one of another file, itself or through others."""
    for _ in range(_MOST_PARENTS):
        extends = services.table(name).get("extends")
        if _elsewhere(extends):
            return True
        parent = extends.text("service") if isinstance(extends, Table) else extends
        if not isinstance(parent, str):
            return False
        name = parent
    return True


def _elsewhere(extends: Yaml) -> bool:
    """Whether a service extends a service of another file."""
    return isinstance(extends, Table) and extends.get("file") is not None


def _as_table(build: Yaml) -> Table:
    return build if isinstance(build, Table) else Table(values={"context": build})


def _service(
    path: str, line: int, name: str, build: Yaml, whole: bool, repository: Repository
) -> Iterator[FoundBuild]:
    table = _as_table(build)
    if table.get("dockerfile_inline") is not None:
        return
    unknown: set[str] = set()
    context, sure = _text(table.get("context") or ".")
    file, file_sure = _text(table.get("dockerfile"))
    if is_remote(context):
        return
    here = path.rpartition("/")[0]
    known = sure and file_sure and (whole or table.get("context") is not None)
    dockerfile = repository.dockerfile(here, context, file or None) if known else None
    if dockerfile is None:
        unknown.add("dockerfile")
    missing = (
        missing_file(repository, here, context, file) if whole and known and dockerfile is None else None
    )
    target, target_sure = _text(table.get("target"))
    if not target_sure:
        unknown.add("target")
    args, args_sure = _pairs(table.get("args"))
    names = _names(table.get("args"))
    if not args_sure:
        unknown.add("build arguments")
    by_bake = table.table("x-bake")  # which only docker buildx bake reads
    yield FoundBuild(
        file=path,
        line=line,
        kind="compose service",
        name=name,
        dockerfile=dockerfile,
        target=target if target or target_sure else None,
        build_args=args,
        passed=(names - args.keys()) | _names(by_bake.get("contexts")),
        platforms=(*_texts(table.get("platforms")), *_texts(by_bake.get("platforms"))),
        contexts=tuple(sorted(_pairs(table.get("additional_contexts"))[0])),
        unknown=frozenset(unknown),
        missing=missing,
    )


def _text(value: Yaml) -> tuple[str, bool]:
    """A string with the defaults of its variables, and whether it has no variables.

    It is empty where a variable has no default: its value comes from the environment or a file .env.
    """
    if not isinstance(value, str):
        return "", value is None
    holes = [hole for hole in _HOLE.finditer(value) if not hole[1]]
    if any(hole[4] != "-" for hole in holes):
        return "", False
    return _HOLE.sub(lambda hole: "$" if hole[1] else hole[5], value), not holes


def _names(value: Yaml) -> frozenset[str]:
    """The names of arguments from a mapping or a list of NAME=VALUE."""
    if isinstance(value, Table):
        return frozenset(name for name, _ in value.items())
    items = value if isinstance(value, list) else []
    return frozenset(item.partition("=")[0] for item in items if isinstance(item, str))


def _pairs(value: Yaml) -> tuple[dict[str, str], bool]:
    """Arguments from a mapping or a list of NAME=VALUE, and whether all values are known."""
    if isinstance(value, Table):
        items = [(name, item) for name, item in value.items()]
    else:
        texts = [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
        items = [
            (name, text if equals else None) for name, equals, text in (one.partition("=") for one in texts)
        ]
    pairs, sure = {}, True
    for name, item in items:
        text, known = _text(item)
        if item is None or not known:  # the value comes from the environment
            sure = False
        if isinstance(item, str) and (known or text):
            pairs[name] = text
    return pairs, sure


def _texts(value: Yaml) -> tuple[str, ...]:
    items = value if isinstance(value, list) else []
    return tuple(item for item in items if isinstance(item, str) and "$" not in item)
