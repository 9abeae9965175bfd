# What the names in docker-compose.yml and the Dockerfiles stand for, where no registry of images can be reached: the same
# programs from Debian, with the layout, ids and entry points of the official images that the compose file relies on.
FROM localhost/root/bookworm AS debian
RUN printf 'Dir::Cache::pkgcache "";\nDir::Cache::srcpkgcache "";\n' >/etc/apt/apt.conf.d/docker-clean
CMD ["bash"]

FROM localhost/root/bookworm AS swift
ARG TOOLCHAIN
RUN apt-get update && apt-get install -y --no-install-recommends \
        binutils libc6-dev libcurl4-openssl-dev libedit2 libgcc-12-dev libpython3-dev libsqlite3-0 libstdc++-12-dev \
        libncurses6 libxml2-dev libz3-dev tzdata zlib1g-dev git ca-certificates \
    && rm -rf /var/lib/apt/lists/*
ENV PATH=${TOOLCHAIN}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

FROM localhost/root/trixie AS redis
RUN mkdir -p /data && chown 999:999 /data
VOLUME /data
WORKDIR /data
CMD ["redis-server"]

FROM localhost/root/trixie AS rabbitmq
RUN rm -rf /var/lib/rabbitmq && mkdir -p /var/lib/rabbitmq /etc/rabbitmq/conf.d && chown -R 999:999 /var/lib/rabbitmq \
    && echo 'rabbitmqs:x:999:999::/var/lib/rabbitmq:/bin/sh' >>/etc/passwd \
    && printf '#!/bin/sh\nexec /usr/lib/rabbitmq/bin/rabbitmq-diagnostics "$@"\n' >/usr/local/bin/rabbitmq-diagnostics \
    && chmod +x /usr/local/bin/rabbitmq-diagnostics
ENV HOME=/var/lib/rabbitmq RABBITMQ_CONF_ENV_FILE=/dev/null RABBITMQ_CONFIG_FILES=/etc/rabbitmq/conf.d \
    RABBITMQ_MNESIA_BASE=/var/lib/rabbitmq/mnesia RABBITMQ_LOGS=- RABBITMQ_LOG_BASE=/tmp \
    RABBITMQ_ENABLED_PLUGINS_FILE=/var/lib/rabbitmq/enabled_plugins RUNNING_UNDER_SYSTEMD=1 \
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="+S 2:2 +sbwt none"
VOLUME /var/lib/rabbitmq
CMD ["/usr/lib/rabbitmq/bin/rabbitmq-server"]

FROM localhost/root/trixie AS postgres
COPY postgres-entrypoint.sh /usr/local/bin/docker-entrypoint.sh
RUN mkdir -p /var/lib/postgresql/data && chown 999:999 /var/lib/postgresql/data \
    && mkdir -p /docker-entrypoint-initdb.d /var/run/postgresql && chmod 1777 /var/run/postgresql \
    && echo 'postgress:x:999:999::/var/lib/postgresql:/bin/sh' >>/etc/passwd \
    && chmod +x /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data PATH=/usr/lib/postgresql/17/bin:/usr/local/bin:/usr/bin:/bin
VOLUME /var/lib/postgresql/data
ENTRYPOINT ["docker-entrypoint.sh"]

FROM localhost/root/forky AS nginx
# The mirror may be older than a week.
RUN echo 'Acquire::Check-Valid-Until "false";' >/etc/apt/apt.conf.d/99-mirror
CMD ["nginx", "-g", "daemon off;"]
