"""Files that builds do not use: documentation, the configuration of CI, editors and Git."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fnmatch import fnmatchcase

_UNUSED = (
    ".azure-pipelines",
    ".buildkite",
    ".circleci",
    ".devcontainer",
    ".drone.yml",
    ".editorconfig",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".gitlab",
    ".gitlab-ci.yml",
    ".idea",
    ".pre-commit-config.yaml",
    ".travis.yml",
    ".vscode",
    "CHANGELOG.md",
    "CODEOWNERS",
    "CONTRIBUTING.md",
    "Dockerfile",
    "Jenkinsfile",
    "README.md",
    "SECURITY.md",
    "azure-pipelines.yml",
    "bitbucket-pipelines.yml",
    "compose*.yaml",
    "compose*.yml",
    "docker-bake.hcl",
    "docker-compose*.yaml",
    "docker-compose*.yml",
    "docs",
    "renovate.json",
)
# files that can name a README or a folder of documents that a package contains
_MANIFESTS = (
    "*.csproj",
    "*.gemspec",
    "Cargo.toml",
    "MANIFEST.in",
    "Makefile",
    "build.gradle",
    "build.gradle.kts",
    "composer.json",
    "mix.exs",
    "package.json",
    "pom.xml",
    "pyproject.toml",
    "setup.cfg",
    "setup.py",
)


def unused_files(names: Iterable[str], dockerfile: str, read: Callable[[str], str]) -> list[str]:
    """Those of ``names``, in the root of a context, that no build uses and that nothing there mentions.

    ``dockerfile`` is its text, and ``read`` returns the text of a file.
    """
    available = sorted(names)
    found = [name for name in available if any(fnmatchcase(name, one) for one in _UNUSED)]
    if not found:
        return []
    texts = [read(name) for name in available if any(fnmatchcase(name, one) for one in _MANIFESTS)]
    mentions = "\n".join((dockerfile, *texts)).lower()
    return [name for name in found if name.removesuffix(".md").lower() not in mentions]
