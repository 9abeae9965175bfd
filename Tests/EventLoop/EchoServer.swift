import EventLoop
import TestSupport

/// Sends back what it reads.
@Loop
final class EchoServer: TransportHandler {
    let certificate: TestCertificate?
    private var listener: Listener?
    private var open: [ObjectIdentifier: Transport] = [:]
    private let readsInput: Bool
    var outputLimit = 1 << 20
    /// Said in answer to the first bytes, and then the connection is closed.
    var closingBytes: [UInt8]?

    init(overTLS: Bool, readsInput: Bool = true) async throws {
        self.readsInput = readsInput
        certificate = overTLS ? try await TestCertificate.shared() : nil
        let tls = try certificate.map {
            try TLSServer(TLSIdentity(chain: $0.certificate, key: $0.privateKey))
        }
        listener = try await Listener(Endpoint(host: "127.0.0.1", port: 0), tls: tls) {
            [weak self] transport in
            guard let self else { return transport.close() }
            transport.outputLimit = outputLimit
            open[ObjectIdentifier(transport)] = transport
            if self.readsInput { transport.start(self) }
        }
    }

    var endpoint: Endpoint { Endpoint(host: "127.0.0.1", port: listener!.port) }
    var openCount: Int { open.count }

    func connect() async throws -> Transport {
        let tls = try certificate.map { try TLSClient(authorities: $0.certificate) }
        return try await Transport.connect(to: endpoint, tls: tls, timeout: .seconds(5))
    }

    func close() {
        listener?.close()
        for transport in open.values { transport.close() }
    }

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        if let closingBytes {
            transport.write(closingBytes)
            transport.closeAfterFlush()
        } else {
            transport.write(bytes.span)
        }
        return bytes.count
    }

    func closed(_ transport: Transport, _ error: TransportError?) {
        open[ObjectIdentifier(transport)] = nil
    }
}

/// Keeps what arrives, at most `appetite` bytes at a time.
@Loop
final class Recorder: TransportHandler {
    var bytes: [UInt8] = []
    var appetite = Int.max
    var drainedCount = 0
    var isClosed = false
    var error: TransportError?

    func received(_ bytes: inout MutableSpan<UInt8>, from transport: Transport) -> Int {
        let count = min(appetite, bytes.count)
        unsafe bytes.span.extracting(first: count).withUnsafeBufferPointer {
            unsafe self.bytes.append(contentsOf: $0)
        }
        return count
    }

    func drained(_ transport: Transport) { drainedCount += 1 }

    func closed(_ transport: Transport, _ error: TransportError?) {
        isClosed = true
        self.error = error
    }
}
