# The shape of a builder: a daemon for some systems, its tools, and images for tests.
ARG RUNC_VERSION=v1.4.0
ARG EXPORT_BASE=alpine
ARG TARGETOS

FROM alpine:3.23 AS alpine-amd64
FROM alpine:3.23 AS alpine-arm
FROM alpine:3.23 AS alpine-arm64
FROM alpine:3.23 AS alpine-s390x
FROM alpine:3.23 AS alpine-ppc64le
FROM alpine:edge AS alpine-riscv64
FROM alpine-$TARGETARCH AS alpinebase

FROM tonistiigi/xx:1.9.0 AS xx
FROM golang:1.25-alpine AS golatest

FROM golatest AS gobuild-base
RUN apk add git
COPY --link --from=xx / /

FROM scratch AS runc-src
ADD https://github.com/opencontainers/runc.git?ref=v1.4.0 /
FROM gobuild-base AS runc
RUN --mount=from=runc-src,src=/,rw make runc

FROM gobuild-base AS buildkit-base
WORKDIR /src
COPY go.mod go.sum ./
FROM buildkit-base AS buildkit-version
RUN --mount=target=. git describe > /tmp/.ldflags

FROM buildkit-base AS buildctl
RUN --mount=target=. --mount=from=buildkit-version,source=/tmp/.ldflags,target=/tmp/.ldflags go build ./cmd/buildctl
FROM buildkit-base AS buildkitd
RUN --mount=target=. --mount=from=buildkit-version,source=/tmp/.ldflags,target=/tmp/.ldflags go build ./cmd/buildkitd
FROM buildkit-base AS dnsname-src
FROM scratch AS dnsname-source
ADD https://github.com/containers/dnsname.git?ref=v1.3.1 /
FROM gobuild-base AS dnsname
RUN --mount=from=dnsname-source,src=/,rw make

FROM scratch AS binaries-linux
COPY --link --from=runc /usr/bin/runc /buildkit-runc
COPY --link --from=binfmt / /
COPY --link --from=cni-plugins /opt/cni/bin/bridge /buildkit-cni-bridge
COPY --link --from=dnsname /usr/bin/dnsname /buildkit-cni-dnsname
COPY --link --from=buildctl /usr/bin/buildctl /
COPY --link --from=buildkitd /usr/bin/buildkitd /
FROM scratch AS binaries-darwin
COPY --link --from=buildctl /usr/bin/buildctl /
FROM scratch AS binaries-windows
COPY --link --from=buildctl /usr/bin/buildctl /buildctl.exe
COPY --link --from=buildkitd /usr/bin/buildkitd /buildkitd.exe
FROM scratch AS binaries-freebsd
COPY --link --from=buildctl /usr/bin/buildctl /
COPY --link --from=buildkitd /usr/bin/buildkitd /
FROM binaries-$TARGETOS AS binaries
COPY --link examples/systemd /examples

FROM tonistiigi/binfmt:buildkit-v9.2 AS binfmt
FROM alpinebase AS cni-plugins
RUN wget cni-plugins
FROM alpine:3.23 AS releaser
COPY --from=binaries / /
RUN tar
FROM scratch AS release
COPY --link --from=releaser /out/ /

FROM alpinebase AS buildkit-export-alpine
RUN apk add fuse3
FROM ubuntu:24.04 AS buildkit-export-ubuntu
RUN apt-get install fuse3
FROM buildkit-export-${EXPORT_BASE} AS buildkit-export
COPY --link examples/buildctl-daemonless/buildctl-daemonless.sh /usr/bin/

FROM gobuild-base AS containerd-src
ADD https://github.com/containerd/containerd.git /src
FROM gobuild-base AS containerd
RUN --mount=from=containerd-src,src=/src,rw make containerd
FROM gobuild-base AS containerd-alt-17-src
ADD https://github.com/containerd/containerd.git /src
FROM gobuild-base AS containerd-alt-17
RUN --mount=from=containerd-alt-17-src,src=/src,rw make containerd-alt-17
FROM gobuild-base AS registry-src
ADD https://github.com/distribution/distribution.git /src
FROM gobuild-base AS registry
RUN --mount=from=registry-src,src=/src,rw make registry
FROM gobuild-base AS rootlesskit-src
ADD https://github.com/rootless-containers/rootlesskit.git /src
FROM gobuild-base AS rootlesskit
RUN --mount=from=rootlesskit-src,src=/src,rw make rootlesskit
FROM gobuild-base AS stargz-snapshotter-src
ADD https://github.com/containerd/stargz-snapshotter.git /src
FROM gobuild-base AS stargz-snapshotter
RUN --mount=from=stargz-snapshotter-src,src=/src,rw make stargz-snapshotter
FROM gobuild-base AS nydus-src
ADD https://github.com/dragonflyoss/nydus.git /src
FROM gobuild-base AS nydus
RUN --mount=from=nydus-src,src=/src,rw make nydus
FROM gobuild-base AS minio-src
ADD https://github.com/minio/minio.git /src
FROM gobuild-base AS minio
RUN --mount=from=minio-src,src=/src,rw make minio
FROM docker/buildx-bin:0.30 AS buildx
FROM moby/buildkit:v0.25 AS dind-bk
FROM gobuild-base AS gotestsum
RUN go install gotest.tools/gotestsum
FROM mcr.microsoft.com/azure-storage/azurite AS azurite

FROM buildkit-export AS buildkit-linux
COPY --link --from=binaries / /usr/bin/
FROM binaries AS buildkit-windows
FROM binaries AS buildkit-darwin
FROM binaries AS buildkit-freebsd

FROM alpinebase AS cgroup-v2
RUN apk add bash
FROM buildkit-base AS integration-tests-base
RUN apk add shadow
COPY --link --from=gotestsum /out/ /usr/bin/
FROM integration-tests-base AS integration-tests
COPY --link --from=containerd /out/ /usr/bin/
COPY --link --from=containerd-alt-17 /out/ /usr/bin/
COPY --link --from=registry /out/ /usr/bin/
COPY --link --from=rootlesskit /out/ /usr/bin/
COPY --link --from=stargz-snapshotter /out/ /usr/bin/
COPY --link --from=nydus /out/ /usr/bin/
COPY --link --from=minio /out/ /usr/bin/
COPY --link --from=buildx /buildx /usr/bin/
COPY --link --from=binaries / /usr/bin/
COPY --link --from=dind-bk / /opt
FROM integration-tests AS dev-env
VOLUME /var/lib/buildkit

FROM alpinebase AS rootless-base
RUN apk add fuse3
FROM rootless-base AS rootless
COPY --link --from=rootlesskit /out/ /usr/bin/
COPY --link --from=binaries / /usr/bin/

FROM buildkit-${TARGETOS} AS buildkit
ENTRYPOINT ["buildkitd"]
