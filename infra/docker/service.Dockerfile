# order-accept: takes orders over HTTP. Built from the repository's root:
#   docker build -f infra/docker/order-accept.Dockerfile -t waybill/order-accept .
# The first stage is the same in every service's file, so its layers are built once for all of them.

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
    && for product in order-accept order-process order-notification waybill; do \
           install -s ".build/release/$product" /out/; done

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        ca-certificates libssl3 libhiredis0.14 librabbitmq4 libpq5 \
    && rm -rf /var/lib/apt/lists/*
COPY --chmod=755 infra/docker/healthy /usr/local/bin/healthy
COPY --from=build /out/order-accept /usr/local/bin/order-accept
# Nobody's id: the process needs no file of its own.
USER 10001:10001
ENV LISTEN=0.0.0.0:8081 LOG_FORMAT=json
EXPOSE 8081
HEALTHCHECK --interval=2s --timeout=2s --start-period=30s --retries=3 CMD ["healthy", "8081"]
# It drains at SIGTERM; give it the time: docker stop -t 15.
STOPSIGNAL SIGTERM
ENTRYPOINT ["order-accept"]
