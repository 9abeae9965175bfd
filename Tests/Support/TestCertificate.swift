import Foundation

/// A self-signed certificate for `localhost` and 127.0.0.1, made by the system's openssl in a folder of its
/// own, which is removed with it.
package final class TestCertificate: Sendable {
    package let certificate: String
    package let privateKey: String
    private let folder: URL

    /// One for the whole test run, made off the loop: it takes a child process.
    package static func shared() async throws -> TestCertificate { try await made.value }
    private static let made = Task.detached { try TestCertificate() }

    private init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        certificate = folder.appending(path: "certificate.pem").path
        privateKey = folder.appending(path: "key.pem").path
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
            "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1",
            "-keyout", privateKey, "-out", certificate,
        ]
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw CocoaError(.fileWriteUnknown) }
    }

    deinit { try? FileManager.default.removeItem(at: folder) }
}
