# One program, chosen by SERVICE: a service that listens on PORT, the console, or `waybill`, the operator's command.
# Built from the repository's top:
#   docker build -f infra/docker/service.Dockerfile --build-arg SERVICE=order-accept --build-arg PORT=8081 .
# The build stage does not depend on these arguments, so its layers are shared by all of them.

ARG SWIFT_IMAGE=docker.io/library/swift:6.3.1-bookworm
ARG BASE_IMAGE=docker.io/library/debian:bookworm-20251117-slim

FROM ${SWIFT_IMAGE} AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl-dev libhiredis-dev librabbitmq-dev libpq-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /waybill
COPY Package.swift ./
COPY libs libs
COPY services services
COPY Tests Tests
RUN mkdir /out && for product in order-accept order-process order-notification console waybill; do \
        swift build -c release --static-swift-stdlib --product "$product" \
            && install -s ".build/release/$product" /out/ || exit 1; done

FROM ${BASE_IMAGE}
# Their licences are in /usr/share/doc of the base.
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libssl3 libhiredis0.14 librabbitmq4 libpq5 \
    && rm -rf /var/lib/apt/lists/* /var/cache/debconf/*-old
COPY LICENSE infra/docker/NOTICE /usr/share/doc/waybill/
COPY --chmod=755 infra/docker/healthcheck.sh /usr/local/bin/healthcheck
ARG SERVICE
ARG PORT=
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="${SERVICE}" \
      org.opencontainers.image.description="Waybill, an order pipeline: ${SERVICE}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /out/${SERVICE} /usr/local/bin/service
# An id without an account: the process writes no files.
USER 10001:10001
ENV LISTEN=0.0.0.0:${PORT} LOG_FORMAT=json
# Its own readiness; `waybill` listens nowhere, and is healthy.
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 CMD healthcheck "${LISTEN##*:}"
# It drains for SHUTDOWN_DELAY and DRAIN_TIMEOUT (10 s): docker stop -t 20.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/service"]
