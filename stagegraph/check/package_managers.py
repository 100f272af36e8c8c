"""Package managers: which command installs from which files, so that these can be copied before the sources.

Only commands that need nothing but these files are here: `npm ci` is, `pip install .` is not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from fnmatch import fnmatchcase
from typing import NamedTuple


class PackageManager(NamedTuple):
    """``commands`` install what ``manifests`` list: at least one of these has to be there.

    ``also`` are files that the command reads if they are there. ``needs``: the command must have one flag of
    each group. ``refused``: texts in a file that mean that the command reads other files too, and
    ``blocking``: files that mean that.
    ``cache`` is the folder that a cache mount keeps.
    """

    name: str
    commands: tuple[str, ...]
    manifests: tuple[str, ...]
    also: tuple[str, ...] = ()
    needs: tuple[tuple[str, ...], ...] = ()
    refused: tuple[str, ...] = ()
    blocking: tuple[str, ...] = ()
    cache: str = ""


_SCRIPTS = (
    '"preinstall"',
    '"install"',
    '"postinstall"',
    '"prepare"',
    '"preprepare"',
    '"postprepare"',
    '"prepublish"',
    '"workspaces"',
    "file:",
    "link:",
    "patch:",
)
# of binding.gyp, npm builds an addon from the sources
_JAVASCRIPT_BLOCKING = ("binding.gyp", "lerna.json", "pnpm-workspace.yaml")
_YARN_FOCUS = "yarn workspaces focus"
_OWN_SCRIPTS = 7  # the first of these, which --ignore-scripts does not run
_JAVASCRIPT = ("package.json",)
_NUGET = (
    "nuget.config",
    "NuGet.Config",
    "Directory.Build.props",
    "Directory.Packages.props",
    "Directory.Build.targets",
    "global.json",
    "packages.lock.json",
)

PACKAGE_MANAGERS = (
    PackageManager(
        "npm",
        ("npm ci", "npm install", "npm i"),
        _JAVASCRIPT,
        ("package-lock.json", "npm-shrinkwrap.json", ".npmrc"),
        refused=_SCRIPTS,
        blocking=_JAVASCRIPT_BLOCKING,
        cache="/root/.npm",
    ),
    PackageManager(
        "pnpm",
        ("pnpm install", "pnpm i", "pnpm fetch"),
        _JAVASCRIPT,
        ("pnpm-lock.yaml", ".npmrc", ".pnpmfile.cjs"),
        refused=(*_SCRIPTS, "packages:", '"patchedDependencies"'),
        blocking=_JAVASCRIPT_BLOCKING,
        cache="/root/.local/share/pnpm/store",
    ),
    PackageManager(
        "Yarn",
        ("yarn install", "yarn", _YARN_FOCUS),
        _JAVASCRIPT,
        ("yarn.lock", ".yarnrc", ".yarnrc.yml", ".npmrc"),
        refused=(*_SCRIPTS, "yarnPath", "plugins:"),
        blocking=_JAVASCRIPT_BLOCKING,
        cache="/usr/local/share/.cache/yarn",
    ),
    PackageManager(
        "Bun",
        ("bun install", "bun i"),
        _JAVASCRIPT,
        ("bun.lock", "bun.lockb", "bunfig.toml"),
        refused=_SCRIPTS,
        blocking=_JAVASCRIPT_BLOCKING,
        cache="/root/.bun/install/cache",
    ),
    PackageManager(
        "pip",
        ("pip install", "pip3 install", "python -m pip install", "python3 -m pip install", "uv pip install"),
        (),  # those of -r
        needs=(("-r", "--requirement"),),
        refused=(
            *(
                "\n-e",
                "\n--editable",
                "\n-r",
                "\n--requirement",
                "\n-c",
                "\n--constraint",
                "\n-f",
                "\n--find-links",
            ),
            *("file:", "./", "../", ".whl", ".tar.gz", ".zip"),
        ),
        cache="/root/.cache/pip",
    ),
    PackageManager(
        "Pipenv",
        ("pipenv install", "pipenv sync"),
        ("Pipfile",),
        ("Pipfile.lock",),
        refused=("path =", "editable"),
        cache="/root/.cache/pipenv",
    ),
    PackageManager(
        "Poetry",
        ("poetry install",),
        ("pyproject.toml",),
        ("poetry.lock", "poetry.toml"),
        needs=(("--no-root",),),
        refused=("path =", "path="),
        cache="/root/.cache/pypoetry",
    ),
    PackageManager(
        "uv",
        ("uv sync",),
        ("pyproject.toml",),
        ("uv.lock", "uv.toml", ".python-version"),
        needs=(("--no-install-project", "--no-install-workspace"),),
        refused=("path =", "path=", "workspace"),
        cache="/root/.cache/uv",
    ),
    PackageManager(
        "PDM",
        ("pdm install", "pdm sync"),
        ("pyproject.toml",),
        ("pdm.lock",),
        needs=(("--no-self", "--no-project"),),
        refused=("file:", "path ="),
        cache="/root/.cache/pdm",
    ),
    PackageManager(
        "Go",
        ("go mod download",),
        ("go.mod",),
        ("go.sum", "go.work", "go.work.sum"),
        refused=("=> ./", "=> ../", "use "),
        cache="/go/pkg/mod",
    ),
    PackageManager(
        "Cargo",
        ("cargo fetch",),
        ("Cargo.toml",),
        ("Cargo.lock", "rust-toolchain", "rust-toolchain.toml"),
        refused=("[workspace", "path =", "path=", "[package]", "[lib]"),
        cache="/usr/local/cargo/registry",
    ),
    PackageManager(
        "Maven",
        ("mvn dependency:go-offline", "mvn dependency:resolve"),
        ("pom.xml",),
        ("settings.xml",),
        refused=("<modules>", "<relativePath>", "<systemPath>"),
        cache="/root/.m2",
    ),
    PackageManager(
        "Gradle",
        ("gradle dependencies",),
        ("build.gradle", "build.gradle.kts"),
        ("settings.gradle", "settings.gradle.kts", "gradle.properties", "gradle.lockfile"),
        refused=("include", "apply from", "project(", "libs.", "alias("),
        cache="/root/.gradle",
    ),
    PackageManager(
        "NuGet",
        ("dotnet restore",),
        ("*.csproj", "*.fsproj", "*.vbproj"),
        _NUGET,
        refused=("<ProjectReference", "<Import "),
        cache="/root/.nuget/packages",
    ),
    PackageManager(
        "Bundler",
        ("bundle install",),
        ("Gemfile",),
        ("Gemfile.lock", ".ruby-version"),
        refused=("gemspec", "path:", ":path", "require_relative", "eval_gemfile", "file:", "File."),
        cache="/usr/local/bundle/cache",
    ),
    PackageManager(
        "Composer",
        ("composer install",),
        ("composer.json",),
        ("composer.lock", "symfony.lock"),
        needs=(("--no-autoloader",), ("--no-scripts",)),
        refused=('"path"',),
        cache="/root/.composer/cache",
    ),
    PackageManager(
        "Mix", ("mix deps.get",), ("mix.exs",), ("mix.lock",), refused=("path:", "in_umbrella", "apps_path")
    ),
    PackageManager(
        "Dart",
        ("dart pub get", "flutter pub get"),
        ("pubspec.yaml",),
        ("pubspec.lock",),
        refused=("path:", "workspace"),
        cache="/root/.pub-cache",
    ),
    PackageManager(
        "Swift", ("swift package resolve",), ("Package.swift",), ("Package.resolved",), refused=("path:",)
    ),
    PackageManager(
        "Conda",
        ("conda env create", "mamba env create"),
        ("environment.yml", "environment.yaml"),
        refused=("-e ", "-r ", "./"),
        cache="/opt/conda/pkgs",
    ),
)

# parts of a command that only prepare or tidy up, so that they can be moved with an install
_HARMLESS = (
    r"(?:npm cache clean|yarn cache clean|pip cache purge|bundle clean|corepack enable|npm config set"
    r"|rm -rf ~?/|set -|true\b|(?:npm|pip|gem|pip3|python3? -m pip) install (?:-g|--global|-U|--upgrade) )"
)
_SYSTEM = r"\b(?:apt-get|apt|apk|yum|dnf|microdnf|zypper|tdnf)\b[^;&|]*?\b(?:install|add|update|upgrade)\b"
_GLOBAL = (
    r"\s(?:-g|--global|--prefix|-C|--cwd|--dir|--project-directory|--directory|-w|--workspaces?|--filter|--gemfile"
    r"|--working-dir)\b"
)
_OUTSIDE = ("/tmp/", "/root/", "/var/cache/")  # folders that no build context is copied to


# programs with flags before their subcommand, and the flags that name the folder to work in
_PROGRAMS = r"(mvn|gradle|npm|pnpm|yarn|bun|pip3?|pipenv|poetry|uv|pdm|cargo|dotnet|bundle|composer)"
_FOLDER_FLAGS = {
    "npm": "--prefix|-C",
    "pnpm": "--dir|-C",
    "yarn": "--cwd",
    "bun": "--cwd",
    "poetry": "--directory|-C",
    "uv": "--directory",
    "composer": "--working-dir|-d",
}


def in_folder(command: str) -> tuple[str, str]:
    """The folder, from the working directory, that ``command`` works in, and the command without it.

    `cd web && npm ci` and `npm --prefix web ci` are `npm ci` in `web`. The folder is empty if none is named.
    """
    first, *rest = _parts(command) or [""]
    if rest and (found := re.fullmatch(r"cd (?:\./)?([\w.-]+(?:/[\w.-]+)*)/?", first)):
        return ("", command) if ".." in found[1].split("/") else (found[1], " && ".join(rest))
    flags = _FOLDER_FLAGS.get(first.partition(" ")[0])
    found = re.search(rf" (?:{flags})[ =](?:\./)?([\w.-]+(?:/[\w.-]+)*)/?(?= |\Z)", first) if flags else None
    if found is None or rest or ".." in found[1].split("/"):
        return "", command
    return found[1], first[: found.start()] + first[found.end() :]


def installs(command: str) -> PackageManager | None:
    """The package manager that ``command`` of a RUN installs with; None if it does anything else besides."""
    found = None
    for part in _parts(command):
        manager = _manager(part)
        if manager is None and not re.match(_HARMLESS, part):
            return None
        found = manager or found
    return found


def installs_packages(command: str) -> bool:
    """Whether ``command`` of a RUN only installs packages, of the system or of a language."""
    parts = _parts(command)
    return bool(parts) and all(
        re.search(_SYSTEM, part) or _manager(part) or re.match(r"(?:rm -rf|apt-get clean)\b", part)
        for part in parts
    )


def _parts(command: str) -> list[str]:
    """The parts of a shell command between ``&&`` and ``;``, spaces normalized."""
    return [" ".join(part.split()) for part in re.split(r"&&|;", command) if part.strip()]


def _manager(part: str) -> PackageManager | None:
    part = re.sub(rf"\A{_PROGRAMS}((?: --?\w[\w=.-]*)+) (?=[^\s-])(.+)\Z", r"\1 \3\2", part)
    if re.search(_GLOBAL, part) or re.search(r"[|<>`&$*]", part):
        return None
    for manager in PACKAGE_MANAGERS:
        for command in manager.commands:
            if (part == command or part.startswith(f"{command} ")) and _fits(manager, part, command):
                return manager
    return None


def _fits(manager: PackageManager, part: str, command: str) -> bool:
    """Whether the words after the command are flags, so that it installs what the manifest lists."""
    words = part.removeprefix(command).split()
    given = {word.split("=")[0] for word in words}
    if not all(given.intersection(flags) for flags in manager.needs):
        return False
    if command == _YARN_FOCUS:  # its words are workspaces
        return True
    if manager.manifests and not all(_reads_nothing(manager, word) for word in words):
        return False
    if not manager.manifests:  # pip: each word is a flag, or the file of one
        files = requirements(part)
        return bool(files) and all(word.startswith("-") or word in files for word in words)
    return command != "yarn" or not words or words[0].startswith("-")


def _reads_nothing(manager: PackageManager, word: str) -> bool:
    """Whether a word is not the name of a file or folder besides the manifests: `dotnet restore App.sln`."""
    value = word.partition("=")[2] if word.startswith("-") else word
    if "://" in value or value.startswith(_OUTSIDE) or re.fullmatch(r"[\w:,-]*", value):
        return True
    name = value.removeprefix("./")
    known = (*manager.manifests, *manager.also)
    return "/" not in name and any(fnmatchcase(name, one) for one in known)


def requirements(command: str) -> list[str]:
    """The files that ``pip install -r`` names."""
    return re.findall(r"(?:^|\s)(?:-r|--requirement|-c|--constraint)[ =]?([^\s-]\S*)", command)


def manifests(
    manager: PackageManager, command: str, names: Iterable[str], read: Callable[[str], str]
) -> list[str]:
    """The files that an install needs, among ``names``, which are in one folder; empty if it may need more.

    ``read`` returns the text of a file.
    """
    available = sorted(names)
    required = _required(manager, command, available)
    optional = [name for name in available if name in manager.also and name not in required]
    own_scripts = () if "--ignore-scripts" not in command else _SCRIPTS[:_OWN_SCRIPTS]
    refused = [text for text in manager.refused if text not in own_scripts]
    looked_at = (*required, *(name for name in optional if "lock" not in name))
    if set(available).intersection(manager.blocking):
        return []
    if any(text in f"\n{read(name)}" for name in looked_at for text in refused):
        return []
    return [*required, *optional] if required else []


def _required(manager: PackageManager, command: str, available: Sequence[str]) -> list[str]:
    """The manifests; none if one is missing, or if it is not clear which one counts."""
    if not manager.manifests:
        named = [name.removeprefix("./") for name in requirements(command)]
        return named if set(named) <= set(available) else []
    found = [name for name in available if any(fnmatchcase(name, one) for one in manager.manifests)]
    return found if len(found) == 1 else []
