import EventLoop
import TestSupport
import Testing

@Suite struct TransportTests {
    @Test(arguments: [false, true]) @Loop
    func echoesWhatItIsGiven(overTLS: Bool) async throws {
        let server = try await EchoServer(overTLS: overTLS)
        let client = try await server.connect()
        let recorder = Recorder()
        client.start(recorder)
        var expected: [UInt8] = []
        for index in 0..<100 {
            let chunk = [UInt8](repeating: UInt8(truncatingIfNeeded: index), count: index * 37 % 3000)
            client.write(chunk)
            expected += chunk
        }
        try await eventually("everything came back") { recorder.bytes.count == expected.count }
        #expect(recorder.bytes == expected)
        client.close()
        try await eventually("closed") { recorder.isClosed }
        #expect(recorder.error == nil)
        server.close()
    }

    @Test(arguments: [false, true]) @Loop
    func largeOutputIsSentInPartsAndDrains(overTLS: Bool) async throws {
        let server = try await EchoServer(overTLS: overTLS)
        server.outputLimit = 64 << 20
        let client = try await server.connect()
        client.outputLimit = 64 << 20
        let recorder = Recorder()
        client.start(recorder)
        // More than the kernel's buffers hold, in blocks that differ, so that a part out of place shows.
        let bytes = (0..<250).flatMap { [UInt8](repeating: UInt8($0), count: 32_000) }
        client.write(bytes)
        try await eventually("all came back", within: .seconds(30)) { recorder.bytes.count == bytes.count }
        #expect(recorder.bytes == bytes)
        #expect(recorder.drainedCount > 0)
        #expect(client.pendingOutput == 0)
        client.close()
        server.close()
    }

    @Test @Loop func aPeerThatDoesNotReadIsDisconnected() async throws {
        let server = try await EchoServer(overTLS: false, readsInput: false)
        let client = try await server.connect()
        client.outputLimit = 100_000
        let recorder = Recorder()
        client.start(recorder)
        for _ in 0..<200 where client.isOpen {
            client.write([UInt8](repeating: 7, count: 100_000))
            await Task.yield()
        }
        try await eventually("cut off") { recorder.isClosed }
        #expect(recorder.error?.code == .slowPeer)
        server.close()
    }

    @Test @Loop func resumedReadingDeliversBytesLeftOver() async throws {
        let server = try await EchoServer(overTLS: false)
        let client = try await server.connect()
        let recorder = Recorder()
        recorder.appetite = 3
        client.start(recorder)
        client.write(Array("abcdefgh".utf8))
        try await eventually("three bytes taken") { recorder.bytes.count == 3 }
        client.pauseReading()
        recorder.appetite = .max
        client.resumeReading()
        try await eventually("the rest") { recorder.bytes == Array("abcdefgh".utf8) }
        client.close()
        server.close()
    }

    @Test @Loop func closeAfterFlushDeliversPendingOutput() async throws {
        let server = try await EchoServer(overTLS: false)
        server.closingBytes = [UInt8](repeating: 9, count: 500_000)
        let client = try await server.connect()
        let recorder = Recorder()
        client.start(recorder)
        client.write("bye")
        try await eventually("the connection is closed") { recorder.isClosed }
        #expect(recorder.bytes.count == 500_000)
        #expect(recorder.error == nil)
        server.close()
    }

    @Test @Loop func aRefusedConnectionIsAnError() async throws {
        let listener = try await Listener(Endpoint(host: "127.0.0.1", port: 0)) { _ in }
        let port = listener.port
        listener.close()
        await #expect(throws: TransportError.self) {
            try await Transport.connect(to: Endpoint(host: "127.0.0.1", port: port), timeout: .seconds(5))
        }
    }

    @Test @Loop func anUnknownHostIsAnError() async throws {
        do throws(TransportError) {
            _ = try await Transport.connect(
                to: Endpoint(host: "no.such.host.invalid", port: 1), timeout: .seconds(5))
            Issue.record("it connected")
        } catch {
            #expect(error.code == .unresolved || error.code == .timeout)
        }
    }

    @Test @Loop func aCertificateForAnotherNameIsRefused() async throws {
        let server = try await EchoServer(overTLS: true)
        let tls = try TLSClient(authorities: server.certificate!.certificate, serverName: "example.org")
        do throws(TransportError) {
            _ = try await Transport.connect(to: server.endpoint, tls: tls, timeout: .seconds(5))
            Issue.record("it connected")
        } catch {
            #expect(error.code == .tls)
        }
        server.close()
    }

    @Test @Loop func anUntrustedCertificateIsRefused() async throws {
        let server = try await EchoServer(overTLS: true)
        do throws(TransportError) {
            _ = try await Transport.connect(to: server.endpoint, tls: try TLSClient(), timeout: .seconds(5))
            Issue.record("it connected")
        } catch {
            #expect(error.code == .tls)
        }
        server.close()
    }

    @Test @Loop func aMissingHandshakeTimesOut() async throws {
        let server = try await EchoServer(overTLS: false, readsInput: false)
        let certificate = try await TestCertificate.shared()
        let tls = try TLSClient(authorities: certificate.certificate)
        do throws(TransportError) {
            _ = try await Transport.connect(to: server.endpoint, tls: tls, timeout: .milliseconds(50))
            Issue.record("it connected")
        } catch {
            #expect(error.code == .timeout)
        }
        server.close()
    }

    @Test @Loop func nothingIsLeftOnTheLoopAfterManyConnections() async throws {
        let server = try await EchoServer(overTLS: false)
        for _ in 0..<50 {
            let client = try await server.connect()
            let recorder = Recorder()
            client.start(recorder)
            client.write("x")
            try await eventually("echo") { recorder.bytes.count == 1 }
            client.close()
            try await eventually("closed") { recorder.isClosed }
        }
        try await eventually("the server saw all ends") { server.openCount == 0 }
        server.close()
    }
}
