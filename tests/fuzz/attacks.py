"""The list of attacks: a new one is a line in the table of its kind.

Each is the smallest input of its kind that made some program take minutes or gigabytes, end with a
traceback, or show the text of a file as something that it is not.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import NamedTuple

from .. import builds
from ..bundles import OLD_STATUS, STATUS, bundle, repeating_bundle

Files = dict[str, bytes]
Commands = tuple[tuple[str, ...], ...]


class Attack(NamedTuple):
    """The files of a directory, and the commands to run in it."""

    name: str
    kind: str
    files: Files

    @property
    def commands(self) -> Commands:
        """The commands that read a file of this kind."""
        return COMMANDS[self.kind]


COMMANDS: dict[str, Commands] = {
    "Dockerfile": (
        ("check", "--no-discover", "--verbose", "Dockerfile"),
        ("check", "--no-discover", "--diff", "Dockerfile"),
        ("report", "Dockerfile"),
        ("render", "--format", "mermaid", "Dockerfile"),
        ("explain", "Dockerfile", "a"),
    ),
    "bake": (
        ("render", "--format", "mermaid", "docker-bake.hcl"),
        ("report", "docker-bake.hcl", "--format", "markdown"),
        ("explain", "a", "docker-bake.hcl"),
        ("affected", "docker-bake.hcl", "--changed", "a"),
    ),
    "repository": (("check", "--verbose"), ("check", "--format", "json")),
    "record": (("timings", "record"), ("timings", "record", "Dockerfile", "--format", "json")),
    "page": (("embed", "--check", "page.md"),),
    "image": (("sizes", "image"), ("sizes", "image", "--format", "json")),
}
_FROM = "FROM alpine AS a\nFROM a AS dev\nFROM a\n"
_DOUBLED = "".join(f"A{n}=$A{n - 1}$A{n - 1}\n" for n in range(1, 45))
_DOCKERFILES: dict[str, str] = {
    "arguments that double": "ARG A0=xxxxxxxxxx\nARG " + _DOUBLED.replace("\n", "\nARG ") + "Z\nFROM $A44\n",
    "variables that double": "FROM a\nENV A=xxxxxxxxxx\n" + "ENV A=$A$A\n" * 40 + "RUN x\n",
    "replacements that multiply": "FROM a\nENV A=aaaaaaaaaa\n"
    + "ENV A=${A//a/aaaaaaaaaa}\n" * 12
    + "RUN x\n",
    "defaults within defaults": "FROM a\nENV A=" + "${A:-" * 5_000 + "x" + "}" * 5_000 + "\n",
    "a pattern with many stars": f"ARG A={'a' * 5_000}\nFROM x${{A##{'*a' * 40}*b}}\n",
    "many stages": "".join(f"FROM a AS s{n}\n" for n in range(2_000)),
    "a long chain of stages": "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\n" for n in range(1_500)),
    "a stage that all others copy": "FROM a AS s\n" + "FROM b\nCOPY --from=s / /\n" * 800,
    "every stage reads every other": "".join(
        f"FROM a AS s{n}\n" + "".join(f"COPY --from=s{other} / /\n" for other in range(n)) for n in range(60)
    ),
    "a base that could be every stage": "ARG A\n"
    + "".join(f"FROM a AS s{n}\n" for n in range(200))
    + "FROM s$A\n" * 10,
    "many arguments in one base": "".join(f"ARG A{n}=a\n" for n in range(60))
    + "FROM "
    + "".join(f"$A{n}" for n in range(60))
    + "\n",
    "a line of a megabyte": "FROM a\nRUN " + "x" * 1_000_000 + "\n",
    "a hundred thousand continued lines": "FROM a\nRUN x " + "\\\n" * 100_000 + "y\n",
    "many heredocs": "FROM a\nRUN " + " ".join(f"<<E{n}" for n in range(2_000)) + "\nx\n",
    "a heredoc without end": "FROM a\nRUN <<E\n" + "x\n" * 50_000,
    "many mounts": "FROM a\nRUN " + "--mount=from=b,target=/x " * 3_000 + "x\n",
    "quotes that stay open": 'FROM a\nENV A="' + "x'" * 50_000 + "\n",
    "numbers without end": f"FROM a\nCOPY --from={'9' * 50_000} / /\nEXPOSE {'9' * 5_000}-{'9' * 5_001}\n",
    "a range of ports": "FROM a\nEXPOSE 1-65535/tcp 1-65535/udp\n" * 3,
    "nested JSON": "FROM a\nCMD " + "[" * 50_000 + "\n",
    "nested triggers": "FROM a\n" + "ONBUILD " * 5_000 + "RUN x\n",
    "many comments for stagegraph": "# stagegraph: ignore=" + "a," * 50_000 + "\nFROM a\n",
    "control characters": "FROM a\x1b[31m AS b\x07\nRUN \x1b]0;title\x07\x9b31m\nBAD\x00\n",
    "text from right to left": "FROM alpine AS \u202eb\nCOPY --from=\u2066a / /\n",
    "commands of a workflow": "FROM a AS b # ##[add-mask]x\nRUN <<E\n::error::x\nE\nBAD ##[stop-commands]t\n",
    "commands of a workflow in a path": 'FROM a AS x\nFROM b\nCOPY --from=x ["/##[x]t", "::error::f/"]\n',
    "platforms": "FROM --platform=" + "linux/" * 20_000 + " a\n",
}
_COMMAND = r"x\n::error::y\r\n##[add-mask]z"  # in a string of HCL
_BAKES: dict[str, str] = {
    "commands of a workflow in a Dockerfile's path": f'target "default" {{ dockerfile = "{_COMMAND}" }}\n',
    "commands of a workflow in a group": f'group "default" {{ targets = ["{_COMMAND}"] }}\n',
    "commands of a workflow in a stage": f'target "default" {{ target = "{_COMMAND}" }}\n',
    "commands of a workflow in a tag": f'target "default" {{ tags = ["{_COMMAND}"] }}\n',
    "commands of a workflow in a context": f'target "default" {{ context = "https://{_COMMAND}" }}\n',
    "control characters": 'target "default" { context = "git@\\u001b[31m:\\u202e\\u0000" }\n',
    "a path without end": f'target "default" {{ context = "{"a" * 100_000}" }}\n',
    "only a remote target": 'target "default" { context = "https://github.com/a/b.git" }\n',
    "a number beyond floats": 'target "default" { args = { A = format("%g", 1e4000) } }\n',
    "a table of nothing": 'target "default" { tags = csvdecode("\\n") }\n',
}
_MATRIX = "[" + ",".join(f'"{n}"' for n in range(16)) + "]"
_LAUGHS = "a0: &a0 [x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
_JOBS = "".join(f"  j{n}: {{strategy: *m, steps: *s}}\n" for n in range(100))
_REPOSITORIES: dict[str, tuple[str, str]] = {
    "a matrix of a matrix": (
        "docker-bake.hcl",
        f'variable "v" {{ default = {_MATRIX} }}\n'
        + "".join(f'target "t{n}" {{\n matrix = {{a=v, b=v}}\n target = "a"\n}}\n' for n in range(600)),
    ),
    "targets that inherit twice": (
        "docker-bake.hcl",
        'target "t0" { target = "a" }\n'
        + "".join(f'target "t{n}" {{ inherits = {json.dumps([f"t{n - 1}"] * 10)} }}\n' for n in range(1, 40)),
    ),
    "targets that inherit in circles": (
        "docker-bake.hcl",
        "".join(
            f'target "t{n}" {{ inherits = {json.dumps([f"t{m}" for m in range(12)])} }}\n' for n in range(12)
        ),
    ),
    "a function that calls itself": (
        "docker-bake.hcl",
        'function "f" {\n params = [x]\n result = f(f(x))\n}\ntarget "t" { target = f("a") }\n',
    ),
    "variables of each other": (
        "docker-bake.hcl",
        "".join(f'variable "v{n}" {{ default = "${{v{n + 1}}}${{v{n + 1}}}" }}\n' for n in range(60))
        + 'variable "v60" { default = "xxxxxxxxxx" }\ntarget "t" { target = v0 }\n',
    ),
    "nested parentheses": ("docker-bake.hcl", "a = " + "(" * 5_000 + "1" + ")" * 5_000 + "\n"),
    "nested interpolations": ("docker-bake.hcl", 'a = "' + "${" * 500 + "1" + "}" * 500 + '"\n'),
    "nested JSON": ("docker-bake.json", "[" * 100_000),
    "JSON with a key twice": ("docker-bake.json", '{"target": {"a": {}, "a": {"target": "b"}, "a": 1}}'),
    "a script that doubles": ("build.sh", "A0=xxxxxxxxxx\n" + _DOUBLED + "docker build $A44\n"),
    "a script that says docker": ("build.sh", "docker " * 14_000),
    "a loop of many builds": (
        "build.sh",
        f"for a in {' '.join(map(str, range(64)))}; do\n" + "docker build --target $a .\n" * 3_000 + "done\n",
    ),
    "loops in loops": (
        "build.sh",
        "".join(f"for a{n} in 1 2 3 4 5 6 7 8; do\n" for n in range(30)) + "docker build --target $a1 .\n",
    ),
    "braces that multiply": ("build.sh", "docker build --target " + "{a,b}" * 30 + " .\n"),
    "quotes of a script that stay open": ("build.sh", "docker build '" + "\"'" * 40_000),
    "a recursive Makefile": (
        "Makefile",
        "A = $(A) $(B)\nB = $(A)$(A)\nx:\n\tdocker build --target $(A) $(B) .\n",
    ),
    "jobs with a matrix": (
        ".github/workflows/a.yml",
        f"x: &m {{matrix: {{a: {_MATRIX}, b: {_MATRIX}}}}}\ny: &s\n"
        + "- {run: docker build .}\n" * 200
        + f"jobs:\n{_JOBS}",
    ),
    "expressions that multiply": (
        ".github/workflows/a.yml",
        "env: {A: '" + "x" * 50_000 + "'}\njobs: {a: {steps: [{run: '" + "${{ env.A }}" * 200 + "'}]}}\n",
    ),
    "aliases of aliases": ("compose.yaml", _LAUGHS + "services: *a11\n"),
    "mappings that merge": (
        "compose.yaml",
        "services:\n  s0: &s0 {build: .}\n"
        + "".join(f"  s{n}: &s{n} {{<<: *s{n - 1}}}\n" for n in range(1, 4_000)),
    ),
    "services that extend in a circle": (
        "compose.yaml",
        "services:\n" + "".join(f"  s{n}: {{extends: s{(n + 1) % 90}, build: .}}\n" for n in range(90)),
    ),
    "nested YAML": ("compose.yaml", "services: " + "[" * 20_000),
    "YAML that is a tag": ("compose.yaml", "services: !!python/object/apply:os.system ['touch ran']\n"),
    "wildcards of .gitignore": (".gitignore", "*a" * 12 + "*b\n" + "**/a" * 40 + "\n"),
    "a page of targets": ("README.md", "target: " * 30_000),
    "code of targets": ("build.py", "docker_build(target=x)\n" * 10_000),
    "arguments in brackets": ("build.py", "build_args = " + "{" * 60_000),
    "a path that leads elsewhere": (
        "compose.yaml",
        "services: {a: {build: {context: ../../../../etc, target: x}}}\n",
    ),
    "a module named like one of Python": ("click.py", "open('ran', 'w').write('x')\n"),
    "settings of the wrong type": ("stagegraph.toml", "[check]\nexclude = [1, {a = 2}]\n"),
    "control characters in a target": (
        "compose.yaml",
        'services: {a: {build: {context: ., target: "\\e[31mx"}}}\n',
    ),
    "commands of a workflow": (
        "compose.yaml",
        "services:\n  a:\n    build: {target: '##[add-mask]x', context: .}\n",
    ),
}
_VERTEX = (
    '{"digest":"a","name":"[a 1/1] RUN x","started":"2025-01-01T00:00:00Z","completed":"%s","inputs":["%s"]}'
)
_LOAD = '{"digest":"b","name":"[internal] load build definition from Dockerfile","inputs":["a"]}'
_STATUS = '{"vertex":"a","id":"sha256:b","current":%s,"total":1,"timestamp":"2025-01-01T00:00:01Z"}'
_LOG = "#1 [internal] load build definition from Dockerfile\n#1 DONE 0.1s\n#2 [a 1/1] RUN x\n"
_END = "2025-01-01T00:00:05Z"
_SIZED = '{"vertexes":[' + _VERTEX % (_END, "") + '],"statuses":[' + _STATUS + "]}"
_RECORDS: dict[str, str | Callable[[], bytes]] = {
    "an index that repeats a build": lambda: repeating_bundle(2_000, 20),
    "layers that repeat": lambda: repeating_bundle(2, 200_000),
    "a configuration of large numbers": lambda: bundle(
        [(STATUS, b"")], {"Ref": "r", "CreatedAt": {"seconds": 2**80}}
    ),
    "a layer of zeros": lambda: bundle([(OLD_STATUS, b"\0" * 60_000_000)]),
    "nested JSON in a bundle": lambda: bundle([(OLD_STATUS, b"[" * 1_000_000)], b"{" * 100_000),
    "steps that need each other": '{"vertexes":[' + _VERTEX % (_END, "b") + "," + _LOAD + "]}",
    "a step that needs itself": '{"vertexes":[' + _VERTEX % (_END, "a") + "]}",
    "a size of 4,000 digits": _SIZED % ("9" * 4_000),
    "a size that is text": _SIZED % f'"{"9" * 4_000}"',
    "the last year": '{"vertexes":[' + _VERTEX % ("9999-12-31T23:59:59.9Z", "") + "]}",
    "a year before the first": '{"vertexes":[' + _VERTEX % ("0001-01-01T00:00:00+14:00", "") + "]}",
    "nested events": '{"vertexes":' + "[" * 100_000,
    "a hundred thousand events": '{"vertexes":['
    + _VERTEX % (_END, "")
    + "]}\n"
    + '{"logs":[{}]}\n' * 100_000,
    "an end of 400 digits": _LOG + f"#2 DONE {'9' * 400}s\n",
    "output at a time of 400 digits": _LOG + f"#2 {'9' * 400} x\n#2 DONE 1s\n",
    "bytes of 400 digits": _LOG + f"#2 sha256:abc {'9' * 400}MB / 1MB\n#2 DONE 1s\n",
    "a long line of a log": _LOG + "#2 " + "x " * 500_000,
    "steps without end": "".join(f"#{n} [a {n}/9] RUN x\n" for n in range(30_000)),
    "control characters of a log": _LOG + "#2 ERROR: \x1b[31mred\x1b]0;title\x07\x9b1m\n",
    "commands of a workflow": _LOG.replace("RUN x", "RUN ##[add-mask]x") + "#2 ERROR: did ::error::x\n",
}
_IMAGES: dict[str, Callable[[], bytes]] = {
    "an index that repeats a build": lambda: repeating_bundle(2_000, 20),
    "a layer of zeros": lambda: bundle([("application/vnd.oci.image.layer.v1.tar", b"\0" * 60_000_000)]),
    "a layer of nested JSON": lambda: bundle([("application/vnd.oci.image.layer.v1.tar", b"[" * 9_000)]),
    "a configuration of nested JSON": lambda: bundle([], b"{" * 100_000),
    "an archive of nothing": lambda: b"\0" * 10_240,
    "the start of an archive": lambda: b"\x1f\x8b\x08",
}
_BLOCK = "<!-- stagegraph: Dockerfile -->\n<!-- /stagegraph -->\n"
_PAGES: dict[str, str] = {
    "many blocks": _BLOCK * 300,
    "starts without ends": "<!-- stagegraph: Dockerfile -->\n\n" * 5_000,
    "quotes in quotes": "> " * 2_000 + _BLOCK,
    "lists in lists": "".join("  " * n + "- x\n" for n in range(500)) + _BLOCK,
    "brackets": "[" * 50_000 + "\n\n" + _BLOCK,
    "links": "[a](" * 20_000 + "\n\n" + _BLOCK,
    "stars": "*a **a " * 10_000 + "\n\n" + _BLOCK,
    "code marks": "".join("`" * n + "a" for n in range(1, 400)) + "\n\n" + _BLOCK,
    "comments that stay open": "<!-- " * 50_000 + "\n" + _BLOCK,
    "a table": "|" * 20_000 + "\n" + "|-" * 20_000 + "\n" + _BLOCK,
    "a page elsewhere": "<!-- stagegraph: ../../../../etc/passwd -->\n<!-- /stagegraph -->\n",
    "options of a block": "<!-- stagegraph: Dockerfile title='"
    + "x" * 100_000
    + "' -->\n<!-- /stagegraph -->\n",
    "control characters": "<!-- stagegraph: \x1b[31mD\x07 -->\n<!-- /stagegraph -->\n",
    "commands of a workflow": "  ::warning::x\n"
    + _BLOCK.replace("\n", "\n##[stop-commands]t\n", 1)
    + "::notice::y\n",
}


def attacks() -> Iterator[Attack]:
    """Every attack, with what its commands need beside it."""
    dockerfile = {"Dockerfile": _FROM.encode()}
    for name, text in _DOCKERFILES.items():
        yield Attack(name, "Dockerfile", {"Dockerfile": text.encode("utf-8", "surrogateescape")})
    for name, text in _BAKES.items():
        yield Attack(name, "bake", {"docker-bake.hcl": text.encode()} | dockerfile)
    for name, (path, content) in _REPOSITORIES.items():
        yield Attack(name, "repository", {".git/HEAD": b"", path: content.encode()} | dockerfile)
    for name, record in _RECORDS.items():
        data = record.encode() if isinstance(record, str) else record()
        yield Attack(name, "record", {"record": data} | dockerfile)
    for name, image in _IMAGES.items():
        yield Attack(name, "image", {"image": image()})
    for name, page in _PAGES.items():
        yield Attack(name, "page", {"page.md": page.encode()} | dockerfile)


def real_files() -> Iterator[Attack]:
    """Inputs that are correct, for changes of them."""
    for path, data in builds.files().items():
        if path.endswith("/Dockerfile"):
            yield Attack(path, "Dockerfile", {"Dockerfile": data})
        elif len(data) < 100_000:
            yield Attack(path, "record", {"record": data, "Dockerfile": _FROM.encode()})
