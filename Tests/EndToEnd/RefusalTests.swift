import Foundation
import JSON
import Observability
import TestSupport
import Testing

/// What the edge and the HTTP servers themselves refuse is answered in the form of the handlers' problems.
@Suite(.enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct RefusalTests {
    private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"

    enum Host { case edge, secureEdge, accept, notifier }

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var by = Host.edge
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
        Refusal(
            testDescription: "no handshake", path: "/ws",
            options: ["-H", "Upgrade: h2c", "-H", "Connection: upgrade"],
            status: 426),
        Refusal(
            testDescription: "handshake on HTTP/2", by: .secureEdge, path: "/ws",
            options: ["-k", "--http2", "-H", "Upgrade: websocket"] + handshake, status: 426),
        Refusal(
            testDescription: "handshake of another version", by: .notifier, path: "/ws",
            options: [
                "-H", "Connection: upgrade", "-H", "Upgrade: websocket", "-H", "Sec-WebSocket-Version: 8",
            ],
            status: 426),
        Refusal(
            testDescription: "body over the service's limit", by: .accept, path: "/api/orders",
            options: large,
            status: 413),
    ])
    func refusalsAreProblemsWithATrace(refusal: Refusal) async throws {
        let stack = try await Stack.shared()
        let edge = stack.edge
        let host =
            switch refusal.by {
            case .edge: edge
            case .secureEdge: try #require(stack.secureEdge)
            case .accept: stack.accept
            case .notifier: stack.notifiers[0]
            }
        let result = try await Program.run(
            [
                "curl", "-si", "--max-time", "10", "-H", "traceparent: 00-\(Self.trace)-00f067aa0ba902b7-01",
                "-H",
                "X-Request-Id: held-by-client",
            ]
                + ["-H", "Origin: \(edge)"] + refusal.options + [host + refusal.path + "?access_token=secret"]
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
        let offersUpgrade = refusal.status == 426 && refusal.by != .secureEdge
        #expect(answer.headers["upgrade"] == (offersUpgrade ? ["websocket"] : nil))
    }

    @Test func ordinaryAnswersHaveNoHeadersOfProblems() async throws {
        let edge = try await Stack.shared().edge
        let result = try await Program.run([
            "curl", "-si", "-H", "Origin: https://other.test", "\(edge)/sign-in.json",
        ])
        let answer = try #require(Answer(result.output))
        for name in ["x-request-id", "traceparent", "retry-after", "allow", "access-control-allow-origin"] {
            #expect(answer.headers[name] == nil)
        }
    }

    @Test func anOldClientWithoutHostIsServed() async throws {
        let edge = try await Stack.shared().edge
        let result = try await Program.run([
            "curl", "-si", "--http1.0", "-H", "Host:", "\(edge)/api/products",
        ])
        #expect(try #require(Answer(result.output)).status == 401)
    }

    /// A user who reports the id of an error gives the id that all logs have.
    @Test func theEdgesLogHasTheTraceOfTheAnswer() async throws {
        let stack = try await Stack.shared()
        let result = try await Program.run(["curl", "-si", "\(stack.edge)/api/products"])
        let answer = try #require(Answer(result.output))
        let trace = try #require(answer.body["traceId"]?.string)
        #expect(answer.headers["x-request-id"] == [trace])
        let log = "\(stack.folder)/log/access.log"
        try await eventually("the line in the access log") {
            try String(contentsOfFile: log, encoding: .utf8).contains("\"traceId\":\"\(trace)\"")
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

    private static let oldVersion = "Sec-WebSocket-Version: 8"
    private static let handshake = [
        "-H", "Sec-WebSocket-Version: 13", "-H", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]

    private static let large = [
        "-X", "POST", "-H", "Expect:", "-H", "Content-Type: application/json", "-d",
        String(repeating: " ", count: 90_000),
    ]
}
