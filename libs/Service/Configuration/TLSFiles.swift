package import EventLoop

/// The PEM files of connections to servers over TLS.
package struct TLSFiles: Sendable, Equatable {
    /// Trusted roots; the system's when nil.
    package var authorities: String?
    /// Who this process is, for servers that ask.
    package var identity: TLSIdentity?

    package init(authorities: String? = nil, identity: TLSIdentity? = nil) {
        self.authorities = authorities
        self.identity = identity
    }

    /// Of a process without settings.
    package init(_ environment: Environment) {
        authorities = environment["TLS_CA_FILE"]
        if let chain = environment["TLS_CERTIFICATE_FILE"], let key = environment["TLS_KEY_FILE"] {
            identity = TLSIdentity(chain: chain, key: key)
        }
    }

    @Loop package func client() throws(TransportError) -> TLSClient {
        try TLSClient(authorities: authorities, identity: identity)
    }
}

extension Settings {
    package var tls: TLSFiles {
        var files = TLSFiles(authorities: self[ServerKeys.authorities])
        if let chain = self[ServerKeys.certificate], let key = self[ServerKeys.privateKey] {
            files.identity = TLSIdentity(chain: chain, key: key)
        }
        return files
    }
}

extension SettingsRule {
    /// One is of no use without the other.
    static func both(_ first: SettingKey<String?>, _ second: SettingKey<String?>) -> SettingsRule {
        SettingsRule(at: first) { settings in
            guard let one = settings.value(first), let other = settings.value(second),
                (one == nil) != (other == nil)
            else { return nil }
            let (there, missing) = one == nil ? (second, first) : (first, second)
            return SettingError(
                "and \(there.specification.name) belong together",
                write: "\(missing.specification.name) as well")
        }
    }
}
