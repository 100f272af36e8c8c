# The shape of a server for language models: kernels are built one by one and copied into the image.
FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS deps
FROM lukemathwalker/cargo-chef:latest-rust-1.85.1 AS chef
WORKDIR /usr/src
FROM chef AS planner
COPY Cargo.lock Cargo.lock
COPY Cargo.toml Cargo.toml
COPY proto proto
COPY router router
COPY launcher launcher
RUN cargo chef prepare --recipe-path recipe.json
FROM chef AS builder
RUN apt-get install python3.11-dev
COPY --from=planner /usr/src/recipe.json recipe.json
RUN cargo chef cook --recipe-path recipe.json
COPY proto proto
COPY router router
COPY launcher launcher
RUN cargo build --profile release-opt

FROM nvidia/cuda:12.4.1-devel-ubuntu22.04 AS pytorch-install
RUN curl uv
RUN uv pip install torch
FROM pytorch-install AS kernel-builder
RUN apt-get install ninja-build
FROM kernel-builder AS flash-att-builder
WORKDIR /usr/src
COPY server/Makefile-flash-att Makefile
RUN make build-flash-att
FROM kernel-builder AS flash-att-v2-builder
WORKDIR /usr/src
COPY server/Makefile-flash-att-v2 Makefile
RUN make build-flash-att-v2
FROM kernel-builder AS exllama-builder
WORKDIR /usr/src
COPY server/Makefile-exllama Makefile
RUN make build-exllama
FROM kernel-builder AS exllamav2-builder
WORKDIR /usr/src
COPY server/Makefile-exllamav2 Makefile
RUN make build-exllamav2
FROM kernel-builder AS awq-builder
WORKDIR /usr/src
COPY server/Makefile-awq Makefile
RUN make build-awq
FROM kernel-builder AS eetq-builder
WORKDIR /usr/src
COPY server/Makefile-eetq Makefile
RUN make build-eetq
FROM kernel-builder AS lorax-punica-builder
WORKDIR /usr/src
COPY server/Makefile-lorax-punica Makefile
RUN make build-lorax-punica
FROM kernel-builder AS mamba-builder
WORKDIR /usr/src
COPY server/Makefile-mamba Makefile
RUN make build-mamba
FROM kernel-builder AS flashinfer-builder
WORKDIR /usr/src
COPY server/Makefile-flashinfer Makefile
RUN make build-flashinfer
FROM kernel-builder AS marlin-builder
WORKDIR /usr/src
COPY server/Makefile-marlin Makefile
RUN make build-marlin
FROM kernel-builder AS vllm-builder
WORKDIR /usr/src
COPY server/Makefile-vllm Makefile
RUN make build-vllm
FROM kernel-builder AS moe-builder
WORKDIR /usr/src
COPY server/Makefile-moe Makefile
RUN make build-moe
FROM nvidia/cuda:12.4.1-base-ubuntu22.04 AS base
ENV HF_HOME=/data
RUN apt-get install libssl-dev
COPY --from=pytorch-install /usr/src/.venv /usr/src/.venv
COPY --from=flash-att-builder /usr/src/flash-att/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=flash-att-v2-builder /usr/src/flash-att-v2/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=exllama-builder /usr/src/exllama/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=exllamav2-builder /usr/src/exllamav2/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=awq-builder /usr/src/awq/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=eetq-builder /usr/src/eetq/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=lorax-punica-builder /usr/src/lorax-punica/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=mamba-builder /usr/src/mamba/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=flashinfer-builder /usr/src/flashinfer/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=marlin-builder /usr/src/marlin/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=vllm-builder /usr/src/vllm/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY --from=moe-builder /usr/src/moe/build/lib.linux-x86_64-cpython-311 /usr/src/.venv/lib/python3.11/site-packages
COPY proto proto
COPY server server
COPY server/Makefile server/Makefile
RUN make gen-server
COPY --from=builder /usr/src/target/release-opt/text-generation-benchmark /usr/local/bin/text-generation-benchmark
COPY --from=builder /usr/src/target/release-opt/text-generation-router /usr/local/bin/text-generation-router
COPY --from=builder /usr/src/target/release-opt/text-generation-launcher /usr/local/bin/text-generation-launcher
FROM base AS sagemaker
COPY sagemaker-entrypoint.sh entrypoint.sh
FROM base
COPY ./tgi-entrypoint.sh /tgi-entrypoint.sh
