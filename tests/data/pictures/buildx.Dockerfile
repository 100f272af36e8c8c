# The shape of a plugin for a command line: one binary for many systems, tests beside it.
ARG GO_VERSION=1.25
FROM tonistiigi/xx:1.9.0 AS xx
FROM golang:${GO_VERSION}-alpine AS golatest
FROM moby/moby-bin:29 AS moby-bin
FROM docker/buildx-bin:0.30 AS buildx-prev
FROM dockereng/cli-bin:29 AS docker-cli
FROM registry:3 AS registry
FROM moby/buildkit:v0.26 AS buildkit
FROM ghcr.io/docker/compose-bin:v5 AS compose
FROM tonistiigi/undock:0.10 AS undock

FROM golatest AS gobase
COPY --from=xx / /
RUN apk add git
WORKDIR /src
FROM gobase AS gotestsum
RUN go install gotest.tools/gotestsum
FROM gobase AS buildx-version
RUN --mount=target=. git describe > /buildx-version/ldflags
FROM gobase AS buildx-build
ARG TARGETPLATFORM
RUN --mount=target=. --mount=from=buildx-version,source=/buildx-version,target=/buildx-version go build
FROM gobase AS test
RUN --mount=target=. go test ./...
FROM scratch AS test-coverage
COPY --from=test /tmp/coverage.txt /coverage.txt
FROM scratch AS binaries-unix
COPY --link --from=buildx-build /usr/bin/docker-buildx /buildx
FROM binaries-unix AS binaries-darwin
FROM binaries-unix AS binaries-freebsd
FROM binaries-unix AS binaries-linux
FROM binaries-unix AS binaries-netbsd
FROM binaries-unix AS binaries-openbsd
FROM scratch AS binaries-windows
COPY --link --from=buildx-build /usr/bin/docker-buildx /buildx.exe
FROM binaries-$TARGETOS AS binaries

FROM gobase AS integration-test-base
RUN apk add docker
COPY --link --from=gotestsum /out /usr/bin/
COPY --link --from=registry /bin/registry /usr/bin/
COPY --link --from=moby-bin / /usr/bin/
COPY --link --from=docker-cli / /usr/bin/
COPY --link --from=buildkit /usr/bin/buildkitd /usr/bin/
COPY --link --from=compose /docker-compose /usr/bin/compose
COPY --link --from=undock /usr/local/bin/undock /usr/bin/
COPY --link --from=binaries /buildx /usr/bin/
FROM integration-test-base AS integration-test
COPY . .
FROM alpine AS releaser
COPY --link --from=binaries / /work
RUN tar
FROM scratch AS release
COPY --from=releaser /out/ /

FROM docker:29 AS dockerd-release
FROM alpine AS shell
RUN apk add iptables tmux
COPY --link --from=dockerd-release /usr/local/bin/ /usr/local/bin/
COPY --link --from=binaries /buildx /root/.docker/cli-plugins/docker-buildx
FROM binaries
