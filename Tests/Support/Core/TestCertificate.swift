import Foundation

/// A certificate, self-signed unless it says otherwise, created by the system's openssl in a temporary directory that is removed on
/// deinit. A self-signed one is its own authority.
package final class TestCertificate: Sendable {
    package let certificate: String
    package let privateKey: String
    private let folder: URL

    /// One for `localhost` and 127.0.0.1, for the whole test run.
    package static func shared() async throws -> TestCertificate { try await made.value }
    private static let made = Task { try await TestCertificate(names: "DNS:localhost,IP:127.0.0.1") }

    /// One for `localhost` alone: clients that connect to 127.0.0.1 must refuse it.
    package static func ofNameAlone() async throws -> TestCertificate { try await madeOfName.value }
    private static let madeOfName = Task { try await TestCertificate(names: "DNS:localhost") }

    /// One for `localhost` by its common name alone.
    package static func withoutNames() async throws -> TestCertificate { try await madeWithoutNames.value }
    private static let madeWithoutNames = Task { try await TestCertificate(names: nil) }

    /// One of a client.
    package static func signed(by authority: TestCertificate) async throws -> TestCertificate {
        try await TestCertificate(names: nil, authority: authority)
    }

    private init(names: String?, authority: TestCertificate? = nil) async throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem").path
        privateKey = folder.appending(path: "key.pem").path
        let made = try await Program.run(
            [
                "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes",
                "-days", "2", "-subj", authority == nil ? "/CN=localhost" : "/CN=waybill", "-keyout",
                privateKey, "-out", certificate,
            ] + (names.map { ["-addext", "subjectAltName=\($0)"] } ?? [])
                + (authority.map { ["-CA", $0.certificate, "-CAkey", $0.privateKey] } ?? []))
        guard made.status == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
