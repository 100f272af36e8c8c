"""Reads the files of a request (docker/buildx bake/bake.go, ReadLocalFiles and ParseFiles)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec.structs import replace

from stagegraph.bake.compose_targets import checked_model, define_compose
from stagegraph.bake.definition import Definition
from stagegraph.bake.dotenv import read_dotenv
from stagegraph.bake.entries import parse_bool
from stagegraph.bake.file_checks import check_files_of
from stagegraph.bake.files import DISK, Files, FileSystem
from stagegraph.bake.hcl_body import Body, parse_hcl
from stagegraph.bake.hcl_files import define
from stagegraph.bake.json_body import is_printed, parse_json
from stagegraph.bake.model import Bake
from stagegraph.bake.resolving import resolve
from stagegraph.bake.target_checks import is_remote
from stagegraph.bake.values import UnsuitableValueError
from stagegraph.errors import BakeError, InputError
from stagegraph.source import Source

DEFAULT_FILES = (
    "compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml", "docker-bake.json",
    "docker-bake.hcl", "docker-bake.override.json", "docker-bake.override.hcl",
)  # fmt: skip
_CWD = "cwd://"


def read_bake(
    files: Iterable[str] = (),
    targets: Iterable[str] = (),
    overrides: Iterable[str] = (),
    environment: Mapping[str, str] | None = None,
    directory: str = ".",
    *,
    stdin: str | None = None,
    platform: str = "linux/amd64",
    check_files: bool = False,
    system: FileSystem = DISK,
) -> Bake:
    """What ``docker buildx bake --print`` gives for a request.

    ``files`` are those of ``-f``, relative to ``directory`` (``-`` is ``stdin``); without any, the default
    files there are read. ``overrides`` are the values of ``--set``. ``platform`` is that of the machine, for
    ``BAKE_LOCAL_PLATFORM``. With ``check_files``, files that only a build reads (secrets, env files)
    must exist, as they must for bake. ``system`` has the files.
    Raises BakeError, OptionsError and InputError.
    """
    variables = _variables(environment or {})
    asked = tuple(targets)
    if asked and is_remote(asked[0]):
        message = f"{asked[0]} is a remote definition, which is not read"
        raise BakeError(message, hint="clone the repository and read its files")
    reader = Files(directory, (environment or {}).get("HOME"), stdin, system)
    sources = _sources(tuple(files), environment or {}, reader)
    definition = _definition(sources, variables, reader, platform, check_files)
    bake = resolve(definition, asked, tuple(overrides), variables, sources[-1])
    if check_files:
        check_files_of(bake, reader, environment or {})
    return replace(bake, files=tuple(source.name for source in sources))


def _variables(environment: Mapping[str, str]) -> Mapping[str, str]:
    """The environment, unless it says itself that it is not to be used."""
    try:
        disabled = parse_bool(environment.get("BUILDX_BAKE_DISABLE_VARS_ENV_LOOKUP", "false"))
    except UnsuitableValueError:
        disabled = False
    return {} if disabled else environment


def _sources(names: tuple[str, ...], environment: Mapping[str, str], reader: Files) -> list[Source]:
    if not names and environment.get("BUILDX_BAKE_FILE"):
        separator = environment.get("BUILDX_BAKE_PATH_SEPARATOR") or ":"
        names = tuple(name for name in environment["BUILDX_BAKE_FILE"].split(separator) if name)
    if not names:
        names = tuple(name for name in DEFAULT_FILES if reader.has(name))
        if not names:
            raise InputError(
                f"there is no bake or compose file in {reader.directory}",
                hint=f"add one of {', '.join(DEFAULT_FILES)}, or name it",
            )
    for name in names:
        if is_remote(name):
            raise BakeError(
                f"{name} is a remote definition, which is not read", hint="download the file and name it"
            )
    return [reader.read(name.removeprefix(_CWD)) for name in names]


def _definition(
    sources: list[Source], variables: Mapping[str, str], reader: Files, platform: str, check_files: bool
) -> Definition:
    compose: list[Source] = []
    bodies: list[Body] = []
    environment: Mapping[str, str] | None = None
    for source in sources:
        name = source.name.lower()
        if not name.endswith((".json", ".hcl")) and environment is None:
            environment = _with_dotenv(variables, reader)
        if name.endswith((".yaml", ".yml")) or _is_compose(source, environment, reader):
            compose.append(source)
        else:
            bodies.append(_body(source))
    definition = Definition()
    if compose:
        definition = define_compose(compose, environment or {}, reader, check_files)
    builtins = {"BAKE_CMD_CONTEXT": _CWD, "BAKE_LOCAL_PLATFORM": platform}
    if not bodies:
        return definition
    definition = define(bodies, definition, variables, builtins)
    return replace(definition, is_printed=len(sources) == 1 and is_printed(bodies[0]))


def _with_dotenv(variables: Mapping[str, str], reader: Files) -> Mapping[str, str]:
    """The environment of compose files: that of the request over the file ``.env``."""
    if not reader.has(".env"):
        return variables
    return {**read_dotenv(reader.read(".env"), variables.get), **variables}


def _is_compose(source: Source, environment: Mapping[str, str] | None, reader: Files) -> bool:
    """Whether a file without a known suffix is a valid compose file."""
    if source.name.lower().endswith((".json", ".hcl")):
        return False
    try:
        checked_model([source], environment or {}, reader)
    except BakeError:
        return False
    return True


def _body(source: Source) -> Body:
    if source.name.lower().endswith(".json"):
        return parse_json(source.name, source.text)
    try:
        return parse_hcl(source.name, source.text)
    except BakeError:
        if source.name.lower().endswith(".hcl") and not source.text.lstrip("\ufeff \t\r\n").startswith("{"):
            raise
        if not source.text.lstrip("\ufeff \t\r\n").startswith(("{", "[")):
            raise
    return parse_json(source.name, source.text)
