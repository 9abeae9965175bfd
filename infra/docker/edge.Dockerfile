# The edge: nginx with the configuration of infra/local/devstack/templates/nginx.conf. From 1.27.4 on, it looks names up
# again by itself and loads a renewed certificate without a reload.
#   docker build -f infra/docker/edge.Dockerfile -t waybill/edge .

ARG NGINX_IMAGE=docker.io/library/nginx:1.28.0-bookworm
FROM ${NGINX_IMAGE}
RUN apt-get update && apt-get install -y --no-install-recommends openssl libjs-dygraphs \
    && rm -rf /var/lib/apt/lists/* /etc/nginx/conf.d /docker-entrypoint.d
COPY services/storefront /site
COPY LICENSE infra/docker/NOTICE /usr/share/doc/waybill/
COPY infra/local/devstack/templates/nginx.conf /etc/waybill/nginx.conf.in
COPY --chmod=755 infra/docker/healthcheck.sh /usr/local/bin/healthcheck
COPY --chmod=755 infra/docker/edge-entrypoint.sh /usr/local/bin/entrypoint
ARG VERSION=development
ARG REVISION=unknown
LABEL org.opencontainers.image.title="edge" \
      org.opencontainers.image.description="Waybill, an order pipeline: the edge and the storefront" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0"
USER 10001:10001
EXPOSE 8080 8443
HEALTHCHECK --interval=2s --timeout=3s --start-period=10s --retries=3 CMD ["healthcheck", "8080", "/healthz"]
# Sessions are closed within 10 s: docker stop -t 15.
STOPSIGNAL SIGQUIT
ENTRYPOINT ["entrypoint"]
