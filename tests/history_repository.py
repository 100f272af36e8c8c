"""A sample repository with a history: a Dockerfile that copies all files before it installs packages."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .tools import program

DOCKERFILE = """\
FROM node:20 AS build
ARG GIT_COMMIT
RUN apt-get update && apt-get install -y git
WORKDIR /app
COPY . .
RUN npm ci
RUN npm run build
FROM nginx
COPY --from=build /app/dist /srv
"""
IGNORE = ".git\nnode_modules\n"
# as docker build --progress=plain prints it
LOG = """\
#5 [build 1/6] FROM docker.io/library/node:20
#5 DONE 2.0s

#6 [build 2/6] RUN apt-get update && apt-get install -y git
#6 DONE 12.0s

#7 [build 3/6] WORKDIR /app
#7 DONE 0.1s

#8 [build 4/6] COPY . .
#8 DONE 0.5s

#9 [build 5/6] RUN npm ci
#9 DONE 41.0s

#10 [build 6/6] RUN npm run build
#10 DONE 8.0s

#11 [stage-1 1/2] FROM docker.io/library/nginx:latest
#11 DONE 1.0s

#12 [stage-1 2/2] COPY --from=build /app/dist /srv
#12 DONE 0.2s
"""


def _file(name: str, text: str) -> str:
    return f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}\n"


def _commit(number: int, files: Mapping[str, str]) -> str:
    head = f"commit refs/heads/main\ncommitter x <x@x> {1_700_000_000 + number} +0000\n"
    message = f"commit {number}\n"
    return head + f"data {len(message)}\n{message}" + "".join(_file(*one) for one in files.items())


def sample_files() -> dict[str, str]:
    """The files of the first commit."""
    return {
        "Dockerfile": DOCKERFILE,
        ".dockerignore": IGNORE,
        "package.json": '{"name": "web"}\n',
        "package-lock.json": "{}\n",
        "src/index.js": "0\n",
        "docs/guide.md": "0\n",
    }


def write_repository(folder: Path, commits: list[Mapping[str, str]]) -> None:
    """A repository with one commit for each of ``commits``, which map a path to its text, checked out."""
    stream = "".join(_commit(number, files) for number, files in enumerate(commits))
    for words, text in (
        (("init", "-q", "-b", "main"), ""),
        (("fast-import", "--quiet"), stream),
        (("reset", "-q", "--hard"), ""),
    ):
        subprocess.run(
            [program("git"), *words],
            cwd=folder,
            env=os.environ | {"GIT_CONFIG_GLOBAL": os.devnull},
            input=text.encode(),
            check=True,
        )


def write_sample(folder: Path, *, commits: int = 40) -> None:
    """The sample: a source file changes in most commits, the guide in some, and packages in a few."""
    history: list[Mapping[str, str]] = [sample_files()]
    for number in range(1, commits + 1):
        if number % 4 == 0:
            history.append({"docs/guide.md": f"{number}\n"})
        elif number % 10 == 0 or number == 1:
            history.append({"package.json": f'{{"name": "web", "version": "{number}"}}\n'})
        else:
            history.append({"src/index.js": f"{number}\n"})
    write_repository(folder, history)
    (folder / "build.log").write_text(LOG)
