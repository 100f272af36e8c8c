"""Dockerfiles of a shape that is often seen, as large as a test asks for."""

from __future__ import annotations

import json
import random
from pathlib import Path


def services(stages: int) -> str:
    """Services in about ``stages`` stages: each is fetched, built, tested and packed; one image holds all."""
    lines = [
        "FROM debian:12 AS base",
        "RUN apt-get update",
        "FROM base AS tools",
        "COPY tools /tools",
        "RUN make",
    ]
    packed = []
    for number in range((stages - 3) // 4):
        name, image = f"service-{number}", ("golang:1.23", "node:22-slim", "rust:1.83")[number % 3]
        lines += [f"FROM {image} AS {name}-deps", f"COPY services/{name}/lock ./", "RUN fetch"]
        lines += [f"FROM {name}-deps AS {name}-build", f"COPY services/{name} .", "RUN make"]
        lines += ["COPY --from=tools /tools/bin/pack /usr/local/bin/"]
        lines += [f"FROM {name}-build AS {name}-test", "RUN make test"]
        lines += [f"FROM base AS {name}", f"COPY --from={name}-build /out/{name} /usr/bin/{name}"]
        packed.append(name)
    lines += ["FROM base AS release"]
    lines += [f"COPY --from={name} /usr/bin/{name} /usr/local/bin/" for name in packed]
    return "\n".join(lines) + "\n"


def chain(stages: int) -> str:
    """Every stage is FROM the one before."""
    lines = ["FROM debian:12 AS layer-0", "RUN make 0"]
    for number in range(1, stages):
        lines += [f"FROM layer-{number - 1} AS layer-{number}", f"RUN make {number}"]
    return "\n".join(lines) + "\n"


def monorepo(stages: int) -> str:
    """Services of one repository, each built and copied into one image; their names share nothing."""
    names = [f"{_WORDS[n % len(_WORDS)]}{n // len(_WORDS) or ''}" for n in range(max(stages - 2, 1))]
    lines = ["FROM golang:1.23 AS base", "COPY go.mod go.sum ./", "RUN go mod download"]
    for name in names:
        lines += [f"FROM base AS {name}", f"COPY services/{name} ./", f"RUN go build -o /out/{name}"]
    lines += ["FROM gcr.io/distroless/static"]
    return "\n".join([*lines, *(f"COPY --from={name} /out/{name} /bin/{name}" for name in names)]) + "\n"


def diamond(stages: int) -> str:
    """A base, stages in rows of two that each read both stages of the row before, and an image."""
    lines, before = ["FROM node:22 AS base", "RUN npm ci"], ["base"]
    for row in range(max((stages - 2) // 2, 1)):
        names = [f"left-{row}", f"right-{row}"]
        for name in names:
            lines += [f"FROM {before[0]} AS {name}", f"RUN build {name}"]
            lines += [f"COPY --from={other} /out/{other} /in/{other}" for other in before[1:]]
        before = names
    lines += ["FROM nginx:1.27", *(f"COPY --from={name} /out /srv/{name}" for name in before)]
    return "\n".join(lines) + "\n"


def selector(stages: int) -> str:
    """One of many variants becomes the base of the image, by a build argument."""
    names = [f"variant-{_WORDS[n % len(_WORDS)]}{n // len(_WORDS) or ''}" for n in range(max(stages - 2, 1))]
    lines = [f"ARG VARIANT={names[0][8:]}", "FROM python:3.12 AS base", "RUN pip install wheel"]
    for name in names:
        lines += [f"FROM base AS {name}", f"RUN pip install {name}"]
    return "\n".join([*lines, "FROM variant-${VARIANT}", "COPY app /app"]) + "\n"


def matrix(stages: int) -> str:
    """Builds for some systems, from source to package, each with a test; the image takes the packages."""
    columns = max((stages - 2) // 3, 1)
    lines = ["FROM rust:1.83 AS tools", "RUN cargo install cross"]
    for number in range(columns):
        lines += [f"FROM tools AS build-{number}", f"COPY targets/{number} ./", "RUN cross build"]
        lines += [f"FROM build-{number} AS test-{number}", "RUN cross test"]
        lines += [f"FROM debian:12 AS pack-{number}", f"COPY --from=build-{number} /out /pkg", "RUN pack"]
    copies = (f"COPY --from=pack-{number} /pkg /pkg/{number}" for number in range(columns))
    return "\n".join([*lines, "FROM scratch", *copies]) + "\n"


def irregular(stages: int) -> str:
    """Stages that read some stages before them, chosen by chance: nothing is alike."""
    chance = random.Random(stages)
    lines = ["FROM alpine:3 AS s0", "RUN make"]
    for number in range(1, stages):
        lines += [f"FROM s{chance.randint(max(0, number - 9), number - 1)} AS s{number}"]
        others = sorted({chance.randint(0, number - 1) for _ in range(chance.randint(0, 3))})
        lines += [f"COPY --from=s{other} /out/{other} /in/{number}" for other in others]
    return "\n".join(lines) + "\n"


def woven(seed: int) -> str:
    """8 to 60 stages by chance, most of which copy files of several others."""
    chance = random.Random(seed)
    images = ("alpine:3", "golang:1.23", "node:22", "debian:12-slim")
    lines = []
    for number in range(chance.randint(8, 60)):
        near = f"s{chance.randint(max(0, number - 8), max(0, number - 1))}"
        base = near if number and chance.random() < 0.75 else chance.choice(images)
        lines += [f"FROM {base} AS s{number}", *[f"RUN make {number}"] * chance.randint(0, 2)]
        for file in range(chance.randint(0, 4) if number else 0):
            lines.append(f"COPY --from=s{chance.randint(max(0, number - 12), number - 1)} /out/{file} /in/")
    return "\n".join(lines) + "\n"


_WORDS = (
    "auth",
    "billing",
    "catalog",
    "delivery",
    "email",
    "forms",
    "gateway",
    "history",
    "invoices",
    "jobs",
    "kiosk",
    "ledger",
    "mail",
    "notify",
    "orders",
    "payments",
    "quotes",
    "reports",
    "search",
    "tax",
    "users",
    "video",
    "wallet",
    "exports",
    "yield",
    "zones",
    "audit",
    "basket",
    "cart",
)
SIZES = (3, 12, 40, 60, 120, 260, 1000)
_KINDS = (chain, monorepo, diamond, selector, matrix, services, irregular)
GENERATED = {f"{kind.__name__} {size}": kind(size) for kind in _KINDS for size in SIZES}
WRITTEN = {
    path.stem: path.read_text() for path in sorted(Path(__file__).parent.glob("data/pictures/*.Dockerfile"))
}
SHAPES = GENERATED | WRITTEN


def samples() -> dict[str, str]:
    """The Dockerfiles of ``samples/``, by path."""
    root = Path(__file__).parent.parent / "samples"
    paths = [path for path in sorted(root.rglob("*")) if path.is_file() and "Dockerfile" in path.name]
    return {f"samples/{path.relative_to(root)}": path.read_text() for path in paths}


def bake_monorepo(services: int = 40) -> dict[str, str]:
    """A repository of services with 5 stages each, and the bake file that builds them, by path.

    The first is a gateway, which has the pages of others; some services are built upon a shared base.
    """
    names = _service_names(services)
    lines = [f'group "default" {{ targets = {json.dumps(["gateway", *names])} }}']
    lines += ['target "base" {', '  context = "base"', "}", 'target "libs" {', '  context = "libs"']
    lines += ['  contexts = { base = "target:base" }', "}", 'target "gateway" {', '  context = "gateway"']
    read = ", ".join(f'{name} = "target:{name}"' for name in names[:4])
    lines += [f"  contexts = {{ {read} }}", "}"]
    for name in names:
        lines += [f'target "{name}" {{', f'  context = "services/{name}"']
        lines += ['  contexts = { base = "target:base", libs = "target:libs" }', "}"]
    return {"docker-bake.hcl": "\n".join(lines) + "\n", **_service_files(names)}


def compose_monorepo(services: int = 40) -> dict[str, str]:
    """The same repository with a compose file."""
    names = _service_names(services)
    lines = ["services:", "  base:", "    build: base", "  libs:", "    build:", "      context: libs"]
    lines += ["      additional_contexts: {base: 'service:base'}", "  gateway:", "    build:"]
    read = ", ".join(f"{name}: 'service:{name}'" for name in names[:4])
    lines += ["      context: gateway", f"      additional_contexts: {{{read}}}"]
    for name in names:
        lines += [f"  {name}:", "    build:", f"      context: services/{name}"]
        lines += ["      additional_contexts: {base: 'service:base', libs: 'service:libs'}"]
    return {"compose.yaml": "\n".join(lines) + "\n", **_service_files(names)}


def _service_names(count: int) -> list[str]:
    known = ["auth", "billing", "cart", "search", "mail", "catalog", "orders", "stock"]
    return [f"{known[n % 8]}{n // 8 or ''}" for n in range(count)]


def _service_files(names: list[str]) -> dict[str, str]:
    files = {
        "base/Dockerfile": "FROM debian:12\nRUN apt-get update\n",
        "libs/Dockerfile": (
            "FROM golang:1.23 AS build\nCOPY . .\nRUN make\nFROM base\nCOPY --from=build /libs /libs\n"
        ),
        "gateway/Dockerfile": "FROM nginx:1.27\n"
        + "".join(f"COPY --from={name} /pages /srv/{name}\n" for name in names[:4]),
    }
    for name in names:
        lines = ["FROM golang:1.23 AS deps", "COPY go.mod ./", "RUN go mod download"]
        lines += ["FROM deps AS build", "COPY . .", "COPY --from=libs /libs ./libs", "RUN go build -o /out"]
        lines += [
            "FROM build AS test",
            "RUN go test ./...",
            "FROM node:22 AS pages",
            "COPY pages .",
            "RUN npm run build",
        ]
        lines += ["FROM base", "COPY --from=build /out /usr/bin/app", "COPY --from=test /report /report"]
        lines += ["COPY --from=pages /dist /pages"]
        files[f"services/{name}/Dockerfile"] = "\n".join(lines) + "\n"
    return files
