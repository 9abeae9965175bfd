internal import EventLoop
internal import Observability

/// The HTTP server's certificate, which is read again when its files change.
@Loop
final class ServerCertificate {
    let server: TLSServer
    private let identity: TLSIdentity
    private let log: Logger
    private var changedAt: [Int64?]
    private lazy var timer = Timer { [weak self] in self?.check() }

    private static let interval = Duration.seconds(10)

    init(_ identity: TLSIdentity, log: Logger) throws(TransportError) {
        self.identity = identity
        self.log = log
        server = try TLSServer(identity)
        changedAt = Self.times(identity)
        timer.arm(after: Self.interval)
    }

    private static func times(_ identity: TLSIdentity) -> [Int64?] {
        [identity.chain, identity.key].map(SystemCalls.modificationTime)
    }

    func check() {
        timer.arm(after: Self.interval)
        let times = Self.times(identity)
        guard times != changedAt else { return }
        do throws(TransportError) {
            try server.renew()
            changedAt = times
            log.info("http.certificate_renewed", ["file": identity.chain])
        } catch {
            // Perhaps only one of the two files has been replaced so far.
            log.warning(
                "http.certificate_rejected",
                ["file": identity.chain, "error": "\(error)", "next": "check that key and certificate match"])
        }
    }

    func stop() { timer.cancel() }
}
