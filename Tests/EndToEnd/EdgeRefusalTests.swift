import JSON
import TestSupport
import Testing

/// The edge's own refusals have the same form as the services'.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct EdgeRefusalTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let path: String
        let options: [String]
        let status: Int
    }

    @Test(arguments: [
        Refusal(testDescription: "operator page", path: "/metrics", options: [], status: 404),
        Refusal(testDescription: "another operator page", path: "/health/ready", options: [], status: 404),
        Refusal(testDescription: "oversized body", path: "/api/orders", options: large, status: 413),
        Refusal(
            testDescription: "unknown method", path: "/api/orders", options: ["-X", "TRACE"], status: 405),
        Refusal(
            testDescription: "oversized path", path: "/" + String(repeating: "a", count: 30_000),
            options: [], status: 414),
        Refusal(
            testDescription: "oversized header field", path: "/api/products",
            options: ["-H", "X-Long: " + String(repeating: "a", count: 30_000)], status: 431),
    ])
    func edgeRefusalsAreProblemsWithATrace(refusal: Refusal) async throws {
        let edge = try await Stack.shared().edge
        let result = try await Program.run(
            [
                "curl", "-s", "-w", "\n%{http_code} %{content_type}", "-H",
                "traceparent: 00-\(Self.trace)-00f067aa0ba902b7-01",
            ]
                + refusal.options + [edge + refusal.path])
        let lines = result.output.split(separator: "\n")
        #expect(lines.last == "\(refusal.status) application/problem+json")
        let problem = try JSONValue(parsing: String(lines.first ?? ""))
        #expect(problem["status"]?.int == refusal.status)
        // A request that could not be parsed has a trace of the edge's own.
        let isRead = refusal.status != 414 && refusal.status != 431
        let traceID = problem["traceId"]?.string ?? ""
        #expect(isRead ? traceID == Self.trace : traceID.count == 32)
    }

    private static let large = [
        "-X", "POST", "-H", "Expect:", "-H", "Content-Type: application/json", "-d",
        String(repeating: " ", count: 90_000),
    ]
}
