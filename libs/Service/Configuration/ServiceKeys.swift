package import EventLoop
package import Observability

/// The mode of a process.
package enum Profile: String, Sendable, CaseIterable {
    /// Adds conveniences that are insecure elsewhere, such as `/dev/token`.
    case development
    case production
}

/// The format of the log.
package enum LogStyle: String, Sendable, CaseIterable {
    /// Text on a terminal, JSON elsewhere.
    case auto
    case json, text

    /// Colours require a terminal and no `NO_COLOR` (no-color.org).
    package func format(isTerminal: Bool, noColour: Bool) -> LogFormat {
        switch self {
        case .auto: isTerminal ? .text(colours: !noColour) : .json
        case .json: .json
        case .text: .text(colours: isTerminal && !noColour)
        }
    }
}

/// The keys of every service.
package enum ServiceKeys {
    package static let profile = SettingKey.choice(
        "WAYBILL_PROFILE", default: Profile.production,
        "The process's mode; `development` adds conveniences that are insecure elsewhere.")

    package static func listen(port: UInt16) -> SettingKey<Endpoint> {
        .endpoint(
            "LISTEN", default: Endpoint(host: "127.0.0.1", port: port), "Where the HTTP server listens.")
    }

    package static let listenCertificate = SettingKey.file(
        "LISTEN_CERTIFICATE_FILE",
        "The HTTP server's certificate with its chain (PEM), for TLS; it is read again when it changes."
    ).optional

    package static let listenKey = SettingKey.file(
        "LISTEN_KEY_FILE", "The private key of LISTEN_CERTIFICATE_FILE (PEM)."
    ).optional

    package static let logLevel = SettingKey.choice(
        "LOG_LEVEL", default: LogLevel.info, "The lowest level that is logged.")

    package static let logStyle = SettingKey.choice(
        "LOG_FORMAT", default: LogStyle.auto,
        "The form of the log; `auto` is text on a terminal and JSON elsewhere.")

    /// The name of this replica, in logs and towards clients.
    package static let replica = SettingKey.string(
        "REPLICA", kind: "name", "Name of this replica in logs and frames; when not set, the host's."
    ).optional

    package static let shutdownDelay = SettingKey.duration(
        "SHUTDOWN_DELAY", in: .zero ... .seconds(600), default: .zero,
        "How long it serves on after SIGTERM, not ready, until proxies have noticed; then it drains.")

    package static let drainTimeout = SettingKey.duration(
        "DRAIN_TIMEOUT", in: .seconds(1) ... .seconds(600), default: .seconds(10),
        "How long a shutdown may take to finish work in progress.")

    /// The client's address is the rightmost hop of `X-Forwarded-For` that is not one of them.
    package static let trustedProxies = SettingKey.addressRanges(
        "TRUSTED_PROXIES", default: "127.0.0.0/8,::1",
        "Proxies that name the client in X-Forwarded-For, such as the edge and a load balancer before it.")

    package static let bufferLimit = SettingKey.integer(
        "BUFFER_LIMIT_MB", in: 8...65_536, default: 128,
        "Mebibytes held for all clients together: incomplete requests, bodies, unread output. Beyond it, a client that holds more than 8 KiB is refused or closed."
    )

    package static func all(port: UInt16) -> [any AnySettingKey] {
        [
            profile, listen(port: port), listenCertificate, listenKey, logLevel, logStyle, replica,
            shutdownDelay, drainTimeout, trustedProxies,
            bufferLimit,
        ] + TracingKeys.all
    }

    static let rules = [SettingsRule.both(listenCertificate, listenKey)]

    /// Of the services that pages use.
    package static let origins = SettingKey.origins(
        "ALLOWED_ORIGINS",
        "Origins whose pages may use the API and open connections; * for all. Without an Origin it is no browser."
    )
}
