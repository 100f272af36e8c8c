# The shape of a command line: a base by distribution, a binary by system, plugins for tests.
ARG BASE_VARIANT=alpine
ARG ALPINE_VERSION=3.22
ARG BASE_DEBIAN_DISTRO=bookworm
FROM tonistiigi/xx:1.7 AS xx

FROM golang:1.25-alpine3.22 AS build-base-alpine
ENV GOTOOLCHAIN=local
COPY --link --from=xx / /
RUN apk add clang
FROM build-base-alpine AS build-alpine
RUN xx-apk add musl-dev
FROM golang:1.25-bookworm AS build-base-debian
COPY --link --from=xx / /
RUN apt-get install clang
FROM build-base-debian AS build-debian
RUN xx-apt-get install libc6-dev

FROM build-base-${BASE_VARIANT} AS goversioninfo
RUN go install goversioninfo
FROM build-base-${BASE_VARIANT} AS gotestsum
RUN go install gotestsum

FROM build-${BASE_VARIANT} AS build
COPY --link --from=goversioninfo /out/goversioninfo /usr/bin/goversioninfo
RUN --mount=type=bind,target=.,ro ./scripts/build/binary
FROM build-${BASE_VARIANT} AS test
COPY --link --from=gotestsum /out/gotestsum /usr/bin/gotestsum
RUN --mount=type=bind,target=.,rw gotestsum
FROM scratch AS test-coverage
COPY --from=test /tmp/coverage /
FROM build-${BASE_VARIANT} AS build-plugins
COPY --link --from=goversioninfo /out/goversioninfo /usr/bin/goversioninfo
RUN --mount=ro ./scripts/build/plugins

FROM build-base-alpine AS e2e-base-alpine
RUN apk add bash docker
FROM build-base-debian AS e2e-base-debian
RUN apt-get install docker
FROM docker/buildx-bin:0.29 AS buildx
FROM docker/compose-bin:v2 AS compose
FROM e2e-base-${BASE_VARIANT} AS e2e
COPY --link --from=gotestsum /out/gotestsum /usr/bin/gotestsum
COPY --link --from=build /out ./build/
COPY --link --from=build-plugins /out ./build/
COPY --link --from=buildx /buildx /usr/libexec/docker/cli-plugins/docker-buildx
COPY --link --from=compose /docker-compose /usr/libexec/docker/cli-plugins/docker-compose
COPY --link . .
FROM build-base-${BASE_VARIANT} AS dev
COPY --link . .
FROM scratch AS plugins
COPY --from=build-plugins /out .

FROM scratch AS bin-image-linux
COPY --from=build /out/docker /docker
FROM scratch AS bin-image-darwin
COPY --from=build /out/docker /docker
FROM scratch AS bin-image-windows
COPY --from=build /out/docker /docker.exe
FROM bin-image-${TARGETOS} AS bin-image

FROM scratch AS binary
COPY --from=build /out .
