# One service, chosen by SERVICE, which listens on PORT. Built from the repository's top:
#   docker build -f infra/docker/service.Dockerfile --build-arg SERVICE=order-accept --build-arg PORT=8081 .
# The build stage does not depend on the arguments, so its layers are shared by all services.

FROM docker.io/library/swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl-dev libhiredis-dev librabbitmq-dev libpq-dev pkg-config \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /waybill
COPY Package.swift ./
COPY libs libs
COPY services services
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib \
    && mkdir /out \
    && for product in order-accept order-process order-notification console waybill; do \
           install -s ".build/release/$product" /out/; done

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libssl3 libhiredis0.14 librabbitmq4 libpq5 \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=755 infra/docker/healthcheck.sh /usr/local/bin/healthcheck
ARG SERVICE
ARG PORT
COPY --from=build /out/${SERVICE} /usr/local/bin/service
# An id without an account: the process writes no files.
USER 10001:10001
ENV LISTEN=0.0.0.0:${PORT} LOG_FORMAT=json
EXPOSE ${PORT}
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 CMD healthcheck "${LISTEN##*:}"
# The service drains at SIGTERM, which takes up to 10 s: docker stop -t 15.
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/service"]
