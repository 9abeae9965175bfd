import EventLoop
import Observability
import Testing

/// W3C Trace Context, section 3.2 and 3.3.
@Suite struct TraceContextTests {
    static let example = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

    @Test func theSpecificationsExampleSurvivesARoundTrip() throws {
        let context = try #require(TraceContext(traceparent: Self.example, tracestate: "congo=t61rcWkgMzE"))
        #expect(context.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
        #expect(context.spanID.description == "00f067aa0ba902b7")
        #expect(context.isSampled)
        #expect(context.state == "congo=t61rcWkgMzE")
        #expect(context.traceparent == Self.example)
    }

    @Test(arguments: [
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02",
    ])
    func readsOnlyTheSampledFlag(text: String) throws {
        let context = try #require(TraceContext(traceparent: text))
        #expect(!context.isSampled)
        #expect(context.traceparent.hasSuffix("-00"))
    }

    @Test(arguments: [
        "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-what-the-future-will-be-like",
    ])
    func readsTheFirstFieldsOfLaterVersions(text: String) throws {
        #expect(try #require(TraceContext(traceparent: text)).traceparent == Self.example)
    }

    @Test(arguments: [
        "", "00", "00-", Self.example.uppercased(), " " + Self.example, Self.example + " ",
        Self.example + "-",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
        "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.x",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
        "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
        "0-04bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736+00f067aa0ba902b7-01",
    ])
    func rejectsInvalidTraceparents(text: String) {
        #expect(TraceContext(traceparent: text) == nil)
    }

    @Test(arguments: [String(repeating: "a", count: 513), "a=b\nx", "a=ü"])
    func dropsInvalidTracestate(state: String) throws {
        #expect(try #require(TraceContext(traceparent: Self.example, tracestate: state)).state == "")
    }

    @Test func keepsTracestateAtTheLimit() throws {
        let state = String(repeating: "a", count: TraceContext.stateLimit)
        #expect(try #require(TraceContext(traceparent: Self.example, tracestate: state)).state == state)
    }

    @Test @Loop func childrenKeepTheTraceID() throws {
        let parent = try #require(TraceContext(traceparent: Self.example, tracestate: "a=b"))
        let child = parent.child()
        #expect(child.traceID == parent.traceID)
        #expect(child.spanID != parent.spanID)
        #expect(child.state == "a=b" && child.isSampled)
        #expect(TraceContext(traceparent: child.traceparent) != nil)
    }

    @Test @Loop func rootsHaveUniqueIDs() {
        let roots = (0..<1000).map { _ in TraceContext.root() }
        #expect(Set(roots.map(\.traceID)).count == 1000)
        #expect(Set(roots.map(\.spanID)).count == 1000)
        #expect(!TraceContext.root(isSampled: false).isSampled)
    }

    @Test func idsAreNeverZero() {
        struct Zeros: RandomNumberGenerator { mutating func next() -> UInt64 { 0 } }
        var zeros = Zeros()
        let context = TraceContext.root(using: &zeros)
        #expect(TraceContext(traceparent: context.traceparent) == context)
    }
}
