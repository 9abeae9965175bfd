import Foundation
import TestSupport
import Testing

/// Runs the README's commands unchanged.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct WalkthroughTests {
    @Test func curlWalkthroughSucceeds() async throws {
        let stack = try await Stack.shared()
        let readme = try String(contentsOfFile: "\(Stack.repository)/README.md", encoding: .utf8)
        let use = try #require(readme.components(separatedBy: "\n## Use it\n").last)
        let block = try #require(
            use.components(separatedBy: "```sh\n").dropFirst().first?.components(separatedBy: "```").first)
        #expect(block.contains("curl"))
        let script = block.replacing("http://127.0.0.1:8080", with: stack.edge)
        let result = try await Program.run(["bash", "-euo", "pipefail", "-c", script])
        #expect(result.status == 0, "\(result.errors)")
        #expect(result.output.contains("HTTP/1.1 201"))
        #expect(result.output.contains("Location: /api/orders/"))
        #expect(result.output.contains("AZ-104"))
    }
}
