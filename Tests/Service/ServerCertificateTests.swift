import EventLoop
import Foundation
import HTTP
import Observability
import TestSupport
import Testing

@testable import Service

@Loop @Suite(.timeLimit(.minutes(1))) struct ServerCertificateTests {
    /// The files are replaced, as by whoever renews them; a pair that does not match changes nothing.
    @Test func aRenewedCertificateIsUsed() async throws {
        let (first, second) = (try await TestCertificate.ofNameAlone(), try await TestCertificate.shared())
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let (chain, key) = (folder.appending(path: "c.pem").path, folder.appending(path: "k.pem").path)
        func replace(_ path: String, by source: String) throws {
            try Data(contentsOf: URL(filePath: source)).write(to: URL(filePath: path), options: .atomic)
        }
        try replace(chain, by: first.certificate)
        try replace(key, by: first.privateKey)

        let record = Record()
        let certificate = try ServerCertificate(TLSIdentity(chain: chain, key: key), log: record.log)
        defer { certificate.stop() }
        let router = HTTPRouter()
        router.get("/") { _ in HTTPResponse(text: "here") }
        let server = HTTPServer(router)
        let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0), tls: certificate.server)
        @Loop func isTrusted(_ authority: TestCertificate) async throws -> Bool {
            var configuration = HTTPClient.Configuration()
            configuration.tls = try TLSClient(authorities: authority.certificate)
            let client = HTTPClient(configuration)
            defer { client.close() }
            return (try? await client.get("https://localhost:\(port)/").status) == .ok
        }
        #expect(try await isTrusted(first))
        try replace(chain, by: second.certificate)
        certificate.check()
        #expect(record.keys == ["http.certificate_rejected"])
        #expect(try await isTrusted(first))
        try replace(key, by: second.privateKey)
        certificate.check()
        #expect(record.keys == ["http.certificate_rejected", "http.certificate_renewed"])
        #expect(try await isTrusted(second))
        #expect(try await !isTrusted(first))
        await server.drain(within: .zero)
    }
}
