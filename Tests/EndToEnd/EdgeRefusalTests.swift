import JSON
import Observability
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
            testDescription: "oversized body of a notifier", path: "/dev/token", options: large, status: 413),
        Refusal(
            testDescription: "unknown method", path: "/api/orders", options: ["-X", "TRACE"], status: 405),
        Refusal(
            testDescription: "path with a quote and an escape", path: "/health/%22quote", options: [],
            status: 404),
        Refusal(
            testDescription: "unknown transfer coding", path: "/api/orders",
            options: ["-X", "POST", "-H", "Transfer-Encoding: gzip", "-d", "{}"], status: 501),
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
                "curl", "-si", "-H", "traceparent: 00-\(Self.trace)-00f067aa0ba902b7-01", "-H",
                "X-Request-Id: held-by-client",
            ]
                + ["-H", "Origin: \(edge)"] + refusal.options + [edge + refusal.path + "?access_token=secret"]
        )
        let answer = try #require(Answer(result.output))
        #expect(answer.status == refusal.status)
        #expect(answer.headers["content-type"] == ["application/problem+json"])
        #expect(answer.body["status"]?.int == refusal.status)
        // A request that could not be parsed has a trace, an id and a path of the edge's own.
        let isRead = refusal.status != 414
        let traceID = answer.body["traceId"]?.string ?? ""
        #expect(isRead ? traceID == Self.trace : traceID.count == 32)
        #expect(answer.body["instance"]?.string == (isRead ? refusal.path : "/"))
        #expect(answer.headers["x-request-id"] == [isRead ? "held-by-client" : traceID])
        let parent = try #require(
            answer.headers["traceparent"]?.first.flatMap { TraceContext(traceparent: $0) })
        #expect(parent.traceID.description == traceID)
        #expect(answer.headers["vary"] == ["Origin"])
        if isRead { #expect(answer.headers["access-control-allow-origin"] == [edge]) }
        #expect(answer.headers["x-content-type-options"] == ["nosniff"])
    }

    @Test func ordinaryAnswersHaveNoHeadersOfProblems() async throws {
        let edge = try await Stack.shared().edge
        let result = try await Program.run([
            "curl", "-si", "-H", "Origin: https://stranger.test", "\(edge)/sign-in.json",
        ])
        let answer = try #require(Answer(result.output))
        for name in ["x-request-id", "traceparent", "retry-after", "allow", "access-control-allow-origin"] {
            #expect(answer.headers[name] == nil)
        }
    }

    /// A response as `curl -i` prints it.
    private struct Answer {
        let status: Int
        private(set) var headers: [String: [String]] = [:]
        let body: JSONValue

        init?(_ text: String) {
            let parts = text.replacing("\r\n", with: "\n").split(separator: "\n\n", maxSplits: 1)
            guard parts.count == 2, let body = try? JSONValue(parsing: String(parts[1])) else { return nil }
            let lines = parts[0].split(separator: "\n")
            guard let status = lines.first?.split(separator: " ").dropFirst().first.flatMap({ Int($0) })
            else { return nil }
            self.status = status
            self.body = body
            for line in lines.dropFirst() {
                guard let colon = line.firstIndex(of: ":") else { continue }
                let value = line[line.index(after: colon)...].drop { $0 == " " }
                headers[line[..<colon].lowercased(), default: []].append(String(value))
            }
        }
    }

    private static let large = [
        "-X", "POST", "-H", "Expect:", "-H", "Content-Type: application/json", "-d",
        String(repeating: " ", count: 90_000),
    ]
}
