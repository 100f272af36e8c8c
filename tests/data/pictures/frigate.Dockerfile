# The shape of a video recorder: many tools, models and wheels meet in one image.
ARG BASE_IMAGE=debian:12
ARG SLIM_BASE=debian:12-slim
FROM ${BASE_IMAGE} AS base
FROM --platform=linux/amd64 debian:12 AS base_host
FROM ${SLIM_BASE} AS slim-base

FROM slim-base AS wget
RUN apt-get install wget

FROM base AS nginx
RUN --mount=type=bind,source=docker/main/build_nginx.sh,target=/deps/build_nginx.sh /deps/build_nginx.sh
FROM wget AS sqlite-vec
RUN --mount=type=bind,source=docker/main/build_sqlite_vec.sh,target=/deps/build_sqlite_vec.sh /deps/build_sqlite_vec.sh
FROM scratch AS go2rtc
WORKDIR /rootfs/usr/local/go2rtc/bin
ADD https://github.com/AlexxIT/go2rtc/releases/download/v1.9.10/go2rtc_linux_amd64 go2rtc
FROM wget AS tempio
RUN --mount=type=bind,source=docker/main/install_tempio.sh,target=/deps/install_tempio.sh /deps/install_tempio.sh
FROM base_host AS ov-converter
COPY docker/main/requirements-ov.txt /requirements-ov.txt
RUN pip install -r requirements-ov.txt
COPY docker/main/build_ov_model.py /build_ov_model.py
RUN python3 /build_ov_model.py
FROM wget AS libusb-build
RUN make
FROM wget AS models
RUN wget model.tflite
COPY --from=ov-converter /models/ssdlite_mobilenet_v2.xml openvino-model/
COPY --from=ov-converter /models/ssdlite_mobilenet_v2.bin openvino-model/
RUN wget yamnet
FROM wget AS s6-overlay
RUN --mount=type=bind,source=docker/main/install_s6_overlay.sh,target=/deps/install_s6_overlay.sh /deps/install_s6_overlay.sh
FROM base AS wheels
COPY docker/main/build_pysqlite3.sh /build_pysqlite3.sh
RUN /build_pysqlite3.sh
COPY docker/main/requirements.txt /requirements.txt
COPY docker/main/requirements-wheels.txt /requirements-wheels.txt
RUN pip3 wheel --wheel-dir=/wheels
FROM scratch AS deps-rootfs
COPY --from=nginx /usr/local/nginx/ /usr/local/nginx/
COPY --from=sqlite-vec /usr/local/lib/ /usr/local/lib/
COPY --from=go2rtc /rootfs/ /
COPY --from=libusb-build /usr/local/lib /usr/local/lib
COPY --from=tempio /rootfs/ /
COPY --from=s6-overlay /rootfs/ /
COPY --from=models /rootfs/ /
COPY docker/main/rootfs/ /
FROM slim-base AS deps
RUN --mount=type=bind,source=docker/main/install_deps.sh,target=/deps/install_deps.sh /deps/install_deps.sh
RUN --mount=type=bind,from=wheels,source=/wheels,target=/deps/wheels pip3 install -U /deps/wheels/*.whl
RUN --mount=type=bind,source=docker/main/install_memryx.sh,target=/deps/install_memryx.sh /deps/install_memryx.sh
COPY --from=deps-rootfs / /
RUN ldconfig
FROM deps AS deps-node
RUN apt-get install npm
FROM deps-node AS devcontainer
COPY --from=nginx /usr/src /x
COPY . /workspace
COPY docker/main/requirements-dev.txt /
RUN pip3 install -r requirements-dev.txt
FROM --platform=$BUILDPLATFORM node:20 AS web-build
WORKDIR /work
COPY web/package.json web/package-lock.json ./
RUN npm install
COPY web/ ./
RUN npm run build
FROM scratch AS rootfs
WORKDIR /opt/frigate/
COPY frigate frigate/
COPY migrations migrations/
COPY --from=web-build /work/dist/ web/

FROM deps AS frigate
WORKDIR /opt/frigate/
COPY --from=rootfs / /
