# The edge: nginx with the configuration of infra/local/devstack/templates/nginx.conf.
#   docker build -f infra/docker/edge.Dockerfile -t waybill/edge .

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light openssl \
    && rm -rf /var/lib/apt/lists/*
COPY services/storefront /site
COPY infra/local/devstack/templates/nginx.conf /etc/waybill/nginx.conf.in
COPY --chmod=755 infra/docker/healthcheck.sh /usr/local/bin/healthcheck
COPY --chmod=755 infra/docker/edge-entrypoint.sh /usr/local/bin/entrypoint
USER 10001:10001
EXPOSE 8080 8443
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s --retries=3 CMD ["healthcheck", "8080", "/healthz"]
STOPSIGNAL SIGQUIT
ENTRYPOINT ["entrypoint"]
