# The edge: nginx with the same configuration as on one machine (infra/local/templates/nginx.conf).
#   docker build -f infra/docker/edge.Dockerfile -t waybill/edge .

FROM docker.io/library/debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends nginx-light openssl \
    && rm -rf /var/lib/apt/lists/*
COPY services/storefront /site
COPY infra/local/templates/nginx.conf /etc/waybill/nginx.conf.in
COPY --chmod=755 infra/docker/healthy /usr/local/bin/healthy
COPY --chmod=755 infra/docker/edge/start /usr/local/bin/start
USER 10001:10001
EXPOSE 8080 8443
HEALTHCHECK --interval=2s --timeout=2s --start-period=10s --retries=3 CMD ["healthy", "8080", "/healthz"]
STOPSIGNAL SIGQUIT
ENTRYPOINT ["start"]
