# syntax=docker/dockerfile:1
ARG GO_VERSION=1.23
FROM golang:${GO_VERSION}-alpine AS base
WORKDIR /src
RUN apk add --no-cache git make
COPY go.mod go.sum ./
RUN go mod download

FROM base AS build
ARG VERSION=dev
COPY . .
RUN --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -ldflags "-X main.version=${VERSION}" -o /out/app ./cmd/app

FROM base AS test
COPY . .
RUN go test ./...

FROM alpine:3.20
LABEL org.opencontainers.image.title=app
RUN apk add --no-cache ca-certificates
COPY --from=build /out/app /usr/local/bin/app
USER 65532
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/app"]
