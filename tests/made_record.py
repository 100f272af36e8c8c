"""Simulated records: the steps of a Dockerfile, scheduled with random durations from a seed."""

from __future__ import annotations

import heapq
from random import Random

import stagegraph as sg
from stagegraph.records.record import SECOND, Interval, Record, Vertex

_BEGUN = 1_760_000_000 * SECOND


def made_record(source: sg.Source, options: sg.Options, *, seed: int = 1, at_once: int = 8) -> Record:
    """A record of ``source`` in which at most ``at_once`` steps run at the same time; some are cached."""
    random = Random(seed)
    every = sg.read(source, options).steps
    named = [number for number, step in enumerate(every) if step.name]
    steps = [every[number] for number in named]
    place = {number: position for position, number in enumerate(named)}
    inputs = [[place[read] for read in step.inputs if read in place] for step in steps]
    lengths = [_length(random, step.name) for step in steps]
    cached = [not reads and random.random() < 0.3 for reads in inputs]
    times = _scheduled(
        inputs, [0 if hit else length for hit, length in zip(cached, lengths, strict=True)], at_once
    )
    vertices = [
        Vertex(
            digest=f"sha256:{number:064x}",
            name=step.name,
            inputs=tuple(f"sha256:{read:064x}" for read in inputs[number]),
            intervals=(Interval(_BEGUN + times[number][0], _BEGUN + times[number][1]),),
            cached=cached[number],
        )
        for number, step in enumerate(steps)
    ]
    return Record(
        source="made.jsonl",
        name="",
        format="rawjson",
        vertices=tuple(vertices),
        dockerfile=source,
        options=options,
    )


def _length(random: Random, name: str) -> int:
    slow = 60 if "RUN" in name else 0.8
    return int(random.random() ** 3 * slow * SECOND) + random.randrange(SECOND // 50)


def _scheduled(inputs: list[list[int]], lengths: list[int], at_once: int) -> list[tuple[int, int]]:
    """When each step runs if the step that was ready first takes the first free worker."""
    users: list[list[int]] = [[] for _ in inputs]
    waits = [len(set(reads)) for reads in inputs]
    for step, reads in enumerate(inputs):
        for read in set(reads):
            users[read].append(step)
    ready = [(0, step) for step, count in enumerate(waits) if not count]
    free = [0] * at_once
    times = [(0, 0)] * len(inputs)
    while ready:
        since, step = heapq.heappop(ready)
        start = max(since, heapq.heappop(free)) + 2_000_000
        times[step] = (start, start + lengths[step])
        heapq.heappush(free, times[step][1])
        for user in users[step]:
            waits[user] -= 1
            if not waits[user]:
                heapq.heappush(ready, (max(times[read][1] for read in inputs[user]), user))
    return times


def eight_platforms() -> tuple[sg.Source, sg.Options]:
    """A Dockerfile and options that give about 330 steps on 8 platforms, like the release of a tool."""
    text = """
        FROM --platform=$BUILDPLATFORM tonistiigi/xx AS xx
        FROM --platform=$BUILDPLATFORM golang:1.24-alpine AS base
        COPY --from=xx / /
        RUN apk add --no-cache git file clang lld
        WORKDIR /src
        FROM base AS mods
        COPY go.mod go.sum ./
        RUN --mount=type=cache,target=/go/pkg/mod go mod download
        FROM mods AS version
        RUN --mount=target=. git describe --tags > /version
        FROM mods AS build
        ARG TARGETPLATFORM
        RUN xx-apk add --no-cache musl-dev gcc
        COPY . .
        RUN --mount=from=version,source=/version,target=/version xx-go build -o /out/tool ./cmd/tool
        RUN xx-verify --static /out/tool
        FROM base AS plugins
        ARG TARGETARCH
        COPY plugins plugins
        RUN make -C plugins ARCH=$TARGETARCH
        RUN strip plugins/out/*
        FROM mods AS test
        COPY . .
        RUN go test ./...
        FROM alpine:3.21 AS certs
        RUN apk add --no-cache ca-certificates tzdata
        RUN update-ca-certificates
        FROM debian:bookworm-slim AS docs
        ARG TARGETARCH
        RUN apt-get update && apt-get install -y pandoc
        COPY docs docs
        RUN pandoc docs/*.md -o /tool.1 --metadata arch=$TARGETARCH
        RUN gzip /tool.1
        FROM build AS checked
        RUN xx-go vet ./...
        RUN xx-go test -c -o /out/tool.test ./cmd/tool
        FROM build AS debug
        RUN xx-go build -gcflags=all=-N -o /out/tool.debug ./cmd/tool
        RUN objcopy --only-keep-debug /out/tool.debug /out/tool.sym
        FROM mods AS licenses
        ARG TARGETARCH
        RUN go run ./hack/licenses --arch $TARGETARCH > /licenses.csv
        RUN sort -u /licenses.csv > /licenses
        RUN gzip -k /licenses
        FROM build AS smoke
        COPY --from=certs /etc/ssl /etc/ssl
        RUN xx-info env && /out/tool --version || true
        RUN /out/tool self-test --quick || true
        FROM alpine:3.21 AS packed
        RUN apk add --no-cache upx
        COPY --from=build /out/tool /tool
        COPY --from=smoke /etc/os-release /checked
        RUN upx --best /tool
        FROM alpine:3.21
        RUN apk add --no-cache tini
        RUN adduser -D tool
        COPY --from=certs /etc/ssl /etc/ssl
        COPY --from=docs /tool.1.gz /usr/share/man/man1/
        COPY --from=plugins /src/plugins/out /usr/lib/tool/
        COPY --from=packed /tool /usr/bin/tool
        COPY --from=checked /out/tool.test /usr/lib/tool/
        COPY --from=licenses /licenses.gz /usr/share/doc/tool/
        COPY --from=debug /out/tool.sym /usr/lib/debug/
        RUN tool --version > /build-info
        WORKDIR /home/tool
        """
    platforms = ("amd64", "arm64", "386", "arm/v6", "arm/v7", "ppc64le", "riscv64", "s390x")
    source = sg.Source(name="Dockerfile", text="\n".join(line.strip() for line in text.splitlines()))
    return source, sg.Options(platforms=tuple(f"linux/{name}" for name in platforms))


def many_stages(stages: int, runs: int) -> tuple[sg.Source, sg.Options]:
    """``stages`` of ``runs`` steps each, most of which read an earlier one."""
    lines = ["FROM alpine AS s0", *[f"RUN make part{run}" for run in range(runs)]]
    for number in range(1, stages):
        lines += [f"FROM {'alpine' if number % 3 else f's{number // 2}'} AS s{number}"]
        lines += [f"COPY --from=s{number - 1 - number % 5 if number > 5 else 0} /out{number} /in"]
        lines += [f"RUN make stage{number} part{run}" for run in range(runs - 1)]
    lines += ["FROM scratch", *[f"COPY --from=s{number} /out /out{number}" for number in range(stages)]]
    return sg.Source(name="Dockerfile", text="\n".join(lines) + "\n"), sg.Options()
