internal import Bytes
internal import EventLoop
internal import Observability

extension ConnectionURL {
    /// Parameters of a PostgreSQL URL (PostgreSQL manual, "Parameter Key Words") that are taken; the services set the others.
    static let databaseParameters: Set<ByteString> = [
        "sslmode", "sslrootcert", "sslcert", "sslkey", "sslpassword", "sslcrl", "sslcrldir", "sslsni",
        "ssl_min_protocol_version", "ssl_max_protocol_version", "channel_binding", "target_session_attrs",
        "passfile",
        "keepalives_idle", "keepalives_interval", "keepalives_count", "tcp_user_timeout", "options",
    ]
    static let sslModes: Set<ByteString> = [
        "disable", "allow", "prefer", "require", "verify-ca", "verify-full",
    ]

    /// Whether the server must prove who it is.
    var isVerified: Bool { ["verify-ca", "verify-full"].contains(query["sslmode"]) }

    /// The same URL with the files of TLS, unless it names its own. Of several servers, the one that takes writes is meant.
    package func completed(_ files: TLSFiles) -> ConnectionURL {
        var changed = self
        if let authorities = files.authorities, query["sslrootcert"] == nil {
            changed.query["sslrootcert"] = authorities
        }
        if let identity = files.identity, query["sslcert"] == nil, query["sslkey"] == nil {
            changed.query["sslcert"] = identity.chain
            changed.query["sslkey"] = identity.key
        }
        if endpoints.count > 1, query["target_session_attrs"] == nil {
            changed.query["target_session_attrs"] = "read-write"
        }
        return changed
    }
}

extension ServiceContext {
    /// A service's database: TLS_CA_FILE holds for it as for the other servers. A connection to another machine whose
    /// server need not prove who it is, is said once.
    @Loop package func database(_ key: SettingKey<ConnectionURL>) -> ConnectionURL {
        let url = settings[key].completed(settings.tls)
        if !url.isVerified, !url.isLocal {
            log.warning(
                "postgres.unverified",
                [
                    "host": url.endpoint.host, "sslmode": url.query["sslmode"] ?? "prefer",
                    "next": "add ?sslmode=verify-full to the URL, and the authority as TLS_CA_FILE",
                ])
        }
        return url
    }
}
