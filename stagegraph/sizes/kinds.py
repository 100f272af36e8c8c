"""What files of an image are, by their paths and first bytes: caches, version control, tools, secrets.

Contents are looked at for secrets and package databases only, and are never part of a result.
"""

from __future__ import annotations

import posixpath
from typing import NamedTuple

DATABASES = {
    "var/lib/dpkg/status": "dpkg",
    "lib/apk/db/installed": "apk",
    "usr/lib/apk/db/installed": "apk",
    "var/lib/rpm/rpmdb.sqlite": "rpm",
    "usr/lib/sysimage/rpm/rpmdb.sqlite": "rpm",
}
DISTROLESS = "var/lib/dpkg/status.d/"  # one file a package
_LARGEST_DATABASE = 64 * 1024 * 1024
_HEAD = 4096


class Cache(NamedTuple):
    """The cache of a package manager: what its paths contain, and how an image does without it."""

    manager: str
    part: str  # of the path with a slash before it
    fix: str


CACHES = (
    Cache(
        "apt",
        "/var/cache/apt/",
        "`apt-get clean` in the same RUN, or --mount=type=cache,target=/var/cache/apt",
    ),
    Cache("apt", "/var/lib/apt/lists/", "`rm -rf /var/lib/apt/lists/*` in the same RUN"),
    Cache("apk", "/var/cache/apk/", "`apk add --no-cache`"),
    Cache("apk", "/etc/apk/cache/", "`apk add --no-cache`"),
    Cache("dnf", "/var/cache/dnf/", "`dnf clean all` in the same RUN"),
    Cache("dnf", "/var/cache/libdnf5/", "`dnf clean all` in the same RUN"),
    Cache("yum", "/var/cache/yum/", "`yum clean all` in the same RUN"),
    Cache("zypper", "/var/cache/zypp/", "`zypper clean --all` in the same RUN"),
    Cache("pacman", "/var/cache/pacman/pkg/", "`pacman -Scc --noconfirm` in the same RUN"),
    Cache("pip", "/.cache/pip/", "`pip install --no-cache-dir`"),
    Cache("uv", "/.cache/uv/", "`uv --no-cache`, or --mount=type=cache,target=/root/.cache/uv"),
    Cache("poetry", "/.cache/pypoetry/", "--mount=type=cache,target=/root/.cache/pypoetry"),
    Cache("conda", "/conda/pkgs/", "`conda clean --all` in the same RUN"),
    Cache("npm", "/.npm/_cacache/", "--mount=type=cache,target=/root/.npm"),
    Cache("yarn", "/.cache/yarn/", "--mount=type=cache,target=/usr/local/share/.cache/yarn"),
    Cache("pnpm", "/pnpm/store/", "--mount=type=cache,target=/root/.local/share/pnpm/store"),
    Cache("bun", "/.bun/install/cache/", "--mount=type=cache,target=/root/.bun/install/cache"),
    Cache("go", "/.cache/go-build/", "--mount=type=cache,target=/root/.cache/go-build"),
    Cache("go", "/go/pkg/mod/cache/", "--mount=type=cache,target=/go/pkg/mod"),
    Cache("cargo", "/cargo/registry/", "--mount=type=cache,target=/usr/local/cargo/registry"),
    Cache("cargo", "/.cargo/registry/", "--mount=type=cache,target=/root/.cargo/registry"),
    Cache("maven", "/.m2/repository/", "--mount=type=cache,target=/root/.m2"),
    Cache("gradle", "/.gradle/caches/", "--mount=type=cache,target=/root/.gradle"),
    Cache("composer", "/.composer/cache/", "--mount=type=cache,target=/root/.composer/cache"),
    Cache("composer", "/.cache/composer/", "--mount=type=cache,target=/root/.cache/composer"),
    Cache("bundler", "/bundle/cache/", "`rm -rf $BUNDLE_PATH/cache` in the same RUN"),
    Cache("nuget", "/.nuget/packages/", "--mount=type=cache,target=/root/.nuget/packages"),
)
_VERSION_CONTROL = ("/.git/", "/.svn/", "/.hg/", "/.bzr/")
_DOCUMENTS = (
    "/usr/share/doc/",
    "/usr/share/man/",
    "/usr/share/info/",
    "/usr/share/gtk-doc/",
    "/usr/local/share/man/",
)
_PACKAGES = ("/node_modules/", "/site-packages/", "/dist-packages/", "/gems/")
# not "testing": numpy.testing and others are imported by programs
_TESTS = frozenset(("test", "tests", "__tests__", "spec"))
_SAMPLES = _TESTS | {
    "testing",
    "testdata",
    "fixtures",
    "example",
    "examples",
    "sample",
    "samples",
    "doc",
    "docs",
}

TOOLS = {  # programs that most images do not need to run
    "compiler": (
        "gcc", "g++", "cc", "clang", "make", "cmake", "ninja", "go", "rustc", "cargo", "javac", "ghc", "tsc",
    ),
    "package manager": (
        "apt-get", "dpkg", "apk", "dnf", "microdnf", "yum", "rpm", "zypper", "pip", "pip3", "uv", "poetry",
        "npm", "yarn", "pnpm", "bun", "gem", "bundle", "composer", "mvn", "gradle",
    ),
    "shell": ("sh", "bash", "ash", "dash", "zsh"),
    "download": ("curl", "wget", "git", "svn"),
}  # fmt: skip
_KIND_OF_TOOL = {name: kind for kind, names in TOOLS.items() for name in names}
_TOOL_FOLDERS = frozenset(
    f"{prefix}{folder}"
    for prefix in ("", "usr/", "usr/local/", "usr/local/go/", "usr/local/cargo/")
    for folder in ("bin", "sbin")
)


def cache_of(path: str) -> Cache | None:
    """The cache that the file at ``path`` is in."""
    rooted = "/" + path
    return next((cache for cache in CACHES if cache.part in rooted), None)


def version_control_of(path: str) -> str:
    """The folder of version control that a file is in, such as ``srv/.git``; empty for another file."""
    rooted = "/" + path
    for part in _VERSION_CONTROL:
        at = rooted.find(part)
        if at >= 0:
            return rooted[1 : at + len(part) - 1]
    return ""


def is_documentation(path: str) -> bool:
    """Whether a file is documentation or tests of an installed package."""
    rooted = "/" + path
    if rooted.startswith(_DOCUMENTS):
        return True
    at = max(rooted.rfind(part) for part in _PACKAGES)
    return at >= 0 and not _TESTS.isdisjoint(rooted[at:].split("/")[3:-1])


def tool_of(path: str) -> str:
    """The kind of a program in ``TOOLS``; empty for another file."""
    folder, _, name = path.rpartition("/")
    return _KIND_OF_TOOL.get(name, "") if folder in _TOOL_FOLDERS else ""


def kept_bytes(path: str, head: bytes) -> int:
    """How many of the first bytes of a file are needed to know what it is."""
    if path in DATABASES:
        return _LARGEST_DATABASE
    if path.startswith(DISTROLESS):
        return 1
    return _HEAD if _needs_content(path) or _is_private_key(head) else 0


_NAMED_SECRETS = {
    "id_rsa": "a private key",
    "id_dsa": "a private key",
    "id_ecdsa": "a private key",
    "id_ed25519": "a private key",
    ".git-credentials": "credentials of git",
    ".env": "an environment file",
}
_SECRETS_WITH = {
    ".npmrc": ((b"_authToken", b"_password", b"_auth="), "a token of npm"),
    ".yarnrc.yml": ((b"npmAuthToken:", b"npmAuthIdent:"), "a token of yarn"),
    ".pypirc": ((b"password",), "a password of PyPI"),
    ".netrc": ((b"password",), "a password"),
    "_netrc": ((b"password",), "a password"),
    "credentials": ((b"aws_secret_access_key",), "credentials of AWS"),
    "credentials.toml": ((b"token",), "a token of cargo"),
    "auth.json": ((b'"http-basic"', b'"github-oauth"', b'"auths"'), "credentials of a registry"),
    "config.json": ((b'"auths"',), "credentials of a registry"),
    "application_default_credentials.json": (
        (b'"refresh_token"', b'"private_key"'),
        "credentials of Google Cloud",
    ),
    "accessTokens.json": ((b"accessToken",), "credentials of Azure"),
    "nuget.config": ((b"ClearTextPassword",), "a password of NuGet"),
    "settings.xml": ((b"<password>",), "a password of Maven"),
    "config": ((b"client-key-data:", b"token:"), "credentials of Kubernetes"),
}
_ENVIRONMENTS = (".env.example", ".env.sample", ".env.template", ".env.dist", ".env.defaults")
_FOLDERS = {"config.json": ".docker", "config": ".kube", "settings.xml": ".m2", "credentials": ".aws"}


def _needs_content(path: str) -> bool:
    folder, _, name = path.rpartition("/")
    if name in _FOLDERS:
        return posixpath.basename(folder) == _FOLDERS[name]
    return name in _SECRETS_WITH or (name.endswith(".json") and "account" in name.lower())


def _is_private_key(head: bytes) -> bool:
    return b"-----BEGIN " in head and b"PRIVATE KEY-----" in head


def secret_of(path: str, head: bytes) -> str:
    """What secret a file seems to hold, such as ``a private key``; empty if none.

    Files among the tests and examples of packages hold secrets of nobody.
    """
    folders = path.split("/")
    if any(part.strip("/") in folders for part in _PACKAGES) or not _SAMPLES.isdisjoint(folders):
        return ""
    name = folders[-1]
    if _is_private_key(head):
        return "a private key"
    if name in _SECRETS_WITH and _needs_content(path):
        words, secret = _SECRETS_WITH[name]
        return secret if any(word in head for word in words) else ""
    if name.endswith(".json") and b'"private_key"' in head:
        return "credentials of a service account"
    if name.startswith(".env.") and not name.startswith(_ENVIRONMENTS):
        return "an environment file"
    return _NAMED_SECRETS.get(name, "")
