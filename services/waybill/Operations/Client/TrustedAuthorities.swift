import EventLoop
import HTTP
internal import Service

/// Whom connections over TLS trust: the authorities of `TLS_CA_FILE`, else the system's.
@Loop
enum TrustedAuthorities {
    /// Nil for the system's.
    static func tls(_ environment: Environment = .process()) throws(CommandError) -> TLSClient? {
        let files = TLSFiles(environment)
        guard files.authorities != nil || files.identity != nil else { return nil }
        do throws(TransportError) { return try files.client() } catch {
            throw CommandError(
                .usage, "TLS: \(error)", remedy: "check TLS_CA_FILE, TLS_CERTIFICATE_FILE and TLS_KEY_FILE")
        }
    }

    /// A client that trusts them.
    static func client(
        _ configuration: HTTPClient.Configuration = HTTPClient.Configuration()
    ) throws(CommandError) -> HTTPClient {
        var configuration = configuration
        configuration.tls = try tls()
        return HTTPClient(configuration)
    }
}
