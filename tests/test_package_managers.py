"""Which installs need nothing but their manifests, so that the advice to copy these first breaks no build."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from stagegraph.check.package_managers import installs, manifests


def files_for(command: str, files: Mapping[str, str]) -> list[str]:
    """The files to copy before ``command``; empty without advice."""
    manager = installs(command)
    return manifests(manager, command, files, files.__getitem__) if manager else []


@pytest.mark.parametrize(
    ("command", "files", "expected"),
    [
        ("npm ci --omit=dev", {"package.json": "{}", "package-lock.json": "", "a.js": ""}, 2),
        ("npm ci --registry=https://x.org/npm", {"package.json": "{}"}, 1),
        ("npm ci --cache /tmp/npm", {"package.json": "{}"}, 1),
        ("npm ci --ignore-scripts", {"package.json": '{"scripts": {"postinstall": "node x"}}'}, 1),
        ("pip install -r requirements.txt", {"requirements.txt": "django-rest-framework==1\n"}, 1),
        ("pip install -r a.txt -c b.txt", {"a.txt": "x\n", "b.txt": "x==1\n"}, 2),
        ("composer install --no-scripts --no-autoloader", {"composer.json": "{}", "composer.lock": ""}, 2),
        ("dotnet restore", {"a.csproj": "<Project/>", "packages.lock.json": ""}, 2),
        ("dotnet restore a.csproj", {"a.csproj": "<Project/>"}, 1),
        ("mix deps.get --only prod", {"mix.exs": "", "mix.lock": ""}, 2),
        ("go mod download", {"go.mod": "module x\n", "go.sum": "", "main.go": ""}, 2),
        ("conda env create -f environment.yml", {"environment.yml": "name: x"}, 1),
    ],
)
def test_an_install_that_reads_its_manifests_only(
    command: str, files: Mapping[str, str], expected: int
) -> None:
    assert len(files_for(command, files)) == expected


@pytest.mark.parametrize(
    ("command", "files"),
    [
        ("npm ci", {"package.json": '{"scripts": {"postinstall": "node x"}}'}),
        ("npm ci", {"package.json": '{"scripts": {"prepublish": "node x"}}'}),
        ("npm ci", {"package.json": "{}", "binding.gyp": ""}),
        ("npm ci", {"package.json": '{"workspaces": ["a"]}'}),
        ("npm ci -w web", {"package.json": "{}"}),
        ("npm install ./local", {"package.json": "{}"}),
        ("npm ci & node server.js", {"package.json": "{}"}),
        ("npm ci --userconfig=./conf/npmrc", {"package.json": "{}"}),
        ("pnpm install --frozen-lockfile", {"package.json": "{}", "pnpm-workspace.yaml": "packages: [a]"}),
        ("yarn install", {"package.json": "{}", ".yarnrc.yml": "plugins:\n- path: .yarn/plugins/x.cjs\n"}),
        ("pip install -r requirements.txt", {"requirements.txt": "-r base.txt\n", "base.txt": ""}),
        ("pip install -r requirements.txt", {"requirements.txt": "a\n-cconstraints.txt\n"}),
        ("pip install -r requirements.txt", {"requirements.txt": "a\n-e .\n"}),
        ("pip install -r requirements.txt", {"requirements.txt": "wheels/a.whl\n"}),
        ("pip install --find-links=./wheels -r requirements.txt -e .", {"requirements.txt": "a\n"}),
        ("pip install -r $FILE", {"requirements.txt": "a\n"}),
        ("composer install --no-scripts", {"composer.json": "{}"}),
        ("composer install --no-autoloader", {"composer.json": "{}"}),
        ("dotnet restore App.sln", {"a.csproj": "<Project/>", "App.sln": ""}),
        ("dotnet restore src/a.csproj", {"a.csproj": "<Project/>"}),
        ("bundle install --gemfile x/Gemfile", {"Gemfile": ""}),
        ("bundle install", {"Gemfile": "ruby File.read('.version')\n"}),
        ("go mod download -modfile=x.mod", {"go.mod": "", "x.mod": ""}),
        ("gradle dependencies", {"build.gradle.kts": "implementation(libs.junit)"}),
        ("mvn dependency:go-offline -s conf/settings.xml", {"pom.xml": ""}),
        ("mix deps.get", {"mix.exs": 'apps_path: "apps"'}),
    ],
)
def test_an_install_that_may_read_other_files_gets_no_advice(command: str, files: Mapping[str, str]) -> None:
    assert files_for(command, files) == []
