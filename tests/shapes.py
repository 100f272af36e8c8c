"""Dockerfiles of a shape that is often seen, as large as a test asks for."""

from __future__ import annotations


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
