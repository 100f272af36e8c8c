# The shape of an engine with its tools: each is fetched, built, and chosen by operating system.
ARG GO_VERSION=1.25
ARG SYSTEMD=false
ARG DOCKER_STATIC=1
ARG CROSS=false

FROM tonistiigi/xx:1.7 AS xx

FROM golang:${GO_VERSION}-bookworm AS base
COPY --from=xx / /
RUN apt-get update

FROM scratch AS build-dummy
FROM build-dummy AS binary-dummy
FROM build-dummy AS frozen-dummy

FROM base AS containerd-src
WORKDIR /usr/src/containerd
ADD https://github.com/containerd/containerd.git?ref=v2.2.1&keep-git-dir=1 .
FROM base AS containerd-build
WORKDIR /go/src/containerd
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=containerd-src,src=/usr/src/containerd,rw --mount=type=cache,target=/root/.cache make install
FROM containerd-build AS containerd-linux
FROM binary-dummy AS containerd-windows
FROM containerd-${TARGETOS} AS containerd

FROM base AS runc-src
WORKDIR /usr/src/runc
ADD https://github.com/opencontainers/runc.git?ref=v1.4.3&keep-git-dir=1 .
FROM base AS runc-build
WORKDIR /go/src/runc
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=runc-src,src=/usr/src/runc,rw --mount=type=cache,target=/root/.cache make install
FROM runc-build AS runc-linux
FROM binary-dummy AS runc-windows
FROM runc-${TARGETOS} AS runc

FROM base AS tini-src
WORKDIR /usr/src/tini
ADD https://github.com/krallin/tini.git?ref=v0.19.0&keep-git-dir=1 .
FROM base AS tini-build
WORKDIR /go/src/tini
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=tini-src,src=/usr/src/tini,rw --mount=type=cache,target=/root/.cache make install
FROM tini-build AS tini-linux
FROM binary-dummy AS tini-windows
FROM tini-${TARGETOS} AS tini

FROM base AS rootlesskit-src
WORKDIR /usr/src/rootlesskit
ADD https://github.com/rootless-containers/rootlesskit.git?ref=v2.3.5&keep-git-dir=1 .
FROM base AS rootlesskit-build
WORKDIR /go/src/rootlesskit
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=rootlesskit-src,src=/usr/src/rootlesskit,rw --mount=type=cache,target=/root/.cache make install
FROM rootlesskit-build AS rootlesskit-linux
FROM binary-dummy AS rootlesskit-windows
FROM rootlesskit-${TARGETOS} AS rootlesskit

FROM base AS delve-src
WORKDIR /usr/src/delve
ADD https://github.com/go-delve/delve.git?ref=v1.25.2&keep-git-dir=1 .
FROM base AS delve-build
WORKDIR /go/src/delve
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=delve-src,src=/usr/src/delve,rw --mount=type=cache,target=/root/.cache make install
FROM delve-build AS delve-linux
FROM binary-dummy AS delve-windows
FROM delve-${TARGETOS} AS delve

FROM base AS vpnkit-src
WORKDIR /usr/src/vpnkit
ADD https://github.com/moby/vpnkit.git?ref=v0.6.0&keep-git-dir=1 .
FROM base AS vpnkit-build
WORKDIR /go/src/vpnkit
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=vpnkit-src,src=/usr/src/vpnkit,rw --mount=type=cache,target=/root/.cache make install
FROM vpnkit-build AS vpnkit-linux
FROM binary-dummy AS vpnkit-windows
FROM vpnkit-${TARGETOS} AS vpnkit

FROM base AS containerutil-src
WORKDIR /usr/src/containerutil
ADD https://github.com/docker-archive/windows-container-utility.git?ref=e004a1415a43&keep-git-dir=1 .
FROM base AS containerutil-build
WORKDIR /go/src/containerutil
ARG TARGETPLATFORM
RUN --mount=type=cache,target=/var/cache/apt xx-apt-get install -y gcc
RUN --mount=from=containerutil-src,src=/usr/src/containerutil,rw --mount=type=cache,target=/root/.cache make install
FROM containerutil-build AS containerutil-linux
FROM binary-dummy AS containerutil-windows
FROM containerutil-${TARGETOS} AS containerutil

FROM base AS registry-src
WORKDIR /usr/src/registry
ADD https://github.com/distribution/distribution.git#v2.8.3 .
FROM base AS registry
RUN --mount=from=registry-src,src=/usr/src/registry,rw make registry
FROM base AS swagger-src
ADD https://github.com/kolyshkin/go-swagger.git#c56166c0 .
FROM base AS swagger
RUN --mount=from=swagger-src,src=/,rw make swagger
FROM debian:bookworm AS frozen-images
COPY contrib/download-frozen-image-v2.sh /
RUN /download-frozen-image-v2.sh /build busybox:latest
FROM base AS gowinres
RUN go install github.com/tc-hib/go-winres@latest
FROM base AS golangci-lint
RUN go install github.com/golangci/golangci-lint@latest
FROM base AS gotestsum
RUN go install gotest.tools/gotestsum@latest
FROM base AS shfmt
RUN go install mvdan.cc/sh@latest
FROM base AS gopls
RUN go install golang.org/x/tools/gopls@latest
FROM base AS crun-src
ADD https://github.com/containers/crun.git?ref=1.25&keep-git-dir=1 .
FROM base AS crun
RUN --mount=from=crun-src,src=/,rw make install
FROM base AS dockercli-src
ADD https://github.com/docker/cli.git#v29.1.2 .
FROM base AS dockercli
RUN --mount=from=dockercli-src,src=/,rw make cli
FROM base AS dockercli-integration-src
ADD https://github.com/docker/cli.git#v25.0.5 .
FROM base AS dockercli-integration
RUN --mount=from=dockercli-integration-src,src=/,rw make cli
FROM docker/buildx-bin:0.30.1 AS buildx
FROM docker/compose-bin:v5.0.0 AS compose
FROM base AS criu
RUN apt-get install criu

FROM base AS dev-systemd-false
COPY --from=frozen-images /build/ /docker-frozen-images
COPY --from=swagger /build/ /usr/local/bin/
COPY --from=delve /build/ /usr/local/bin/
COPY --from=gowinres /build/ /usr/local/bin/
COPY --from=registry /build/ /usr/local/bin/
COPY --from=criu /build/ /usr/local/bin/
COPY --from=gotestsum /build/ /usr/local/bin/
COPY --from=golangci-lint /build/ /usr/local/bin/
COPY --from=shfmt /build/ /usr/local/bin/
COPY --from=runc /build/ /usr/local/bin/
COPY --from=containerd /build/ /usr/local/bin/
COPY --from=rootlesskit /build/ /usr/local/bin/
COPY --from=vpnkit /build/ /usr/local/bin/
COPY --from=containerutil /build/ /usr/local/bin/
COPY --from=crun /build/ /usr/local/bin/
COPY --from=gopls /build/ /usr/local/bin/
COPY --from=dockercli /build/ /usr/local/cli
COPY --from=dockercli-integration /build/ /usr/local/cli-integration
COPY --from=tini /build/ /usr/local/bin/
COPY hack/dockerfile/etc/docker/ /etc/docker/

FROM dev-systemd-false AS dev-systemd-true
RUN apt-get install systemd
COPY hack/dind-systemd /usr/local/bin/

FROM dev-systemd-${SYSTEMD} AS dev-base
RUN groupadd -r docker
COPY --from=buildx /buildx /usr/local/libexec/docker/cli-plugins/docker-buildx
COPY --from=compose /docker-compose /usr/local/libexec/docker/cli-plugins/docker-compose

FROM base AS build
COPY --from=gowinres /build/ /usr/local/bin/
RUN --mount=type=bind,target=. hack/make.sh binary

FROM scratch AS binary
COPY --from=build /build/ /
FROM scratch AS all
COPY --from=tini /build/ /
COPY --from=runc /build/ /
COPY --from=containerd /build/ /
COPY --from=rootlesskit /build/ /
COPY --from=containerutil /build/ /
COPY --from=vpnkit /build/ /
COPY --from=build /build/ /
FROM --platform=$TARGETPLATFORM base AS smoketest
COPY --from=build /build/ /usr/local/bin/
RUN dockerd --version

FROM dev-base AS dev-min
COPY . .
FROM dev-base AS dev
COPY --link . .
