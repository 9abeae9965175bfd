import EventLoop
import Observability
import Testing

@Loop
@Suite struct TracerTests {
    private final class Sink: SpanSink {
        var names: [String] = []
        func receive(_ span: TraceSpan) { names.append(span.name) }
    }

    private func span(_ name: String, of order: String = "", _ trace: TraceContext = .root()) -> TraceSpan {
        TraceSpan(name, .internal, trace, of: order, from: .systemNow())
    }

    @Test func theLatestSpansOfAnOrderAreRemembered() {
        let tracer = Tracer(capacity: 3)
        tracer.record(span("first", of: "a"))
        tracer.record(span("second", of: "b"))
        #expect(tracer.rememberedSince == nil)
        for name in ["third", "fourth"] { tracer.record(span(name, of: "a")) }
        #expect(tracer.spans(of: "a").map(\.name) == ["third", "fourth"])
        #expect(tracer.spans(of: "b").map(\.name) == ["second"])
        #expect(tracer.rememberedSince == tracer.spans(of: "b").first?.start)
        #expect(tracer.spans(of: "c").isEmpty)
    }

    @Test func aSpanOfNoOrderIsOnlyExported() {
        let (tracer, sink) = (Tracer(), Sink())
        tracer.sink = sink
        tracer.record(span("request"))
        tracer.record(span("unsampled", of: "a", .root(isSampled: false)))
        #expect(sink.names == ["request"])
        #expect(tracer.spans(of: "").isEmpty)
        #expect(tracer.spans(of: "a").map(\.name) == ["unsampled"])
    }

    @Test(arguments: [0, 0.25, 1.0])
    func aShareOfTheTracesIsSampled(ratio: Double) {
        let tracer = Tracer()
        tracer.sample(ratio)
        let sampled = (0..<4000).count { _ in tracer.samples(TraceContext.root().traceID) }
        #expect(abs(Double(sampled) / 4000 - ratio) < 0.05)
    }

    @Test func allProcessesSampleTheSameTraces() {
        let tracers = [Tracer(), Tracer()]
        for tracer in tracers { tracer.sample(0.5) }
        for _ in 0..<100 {
            let trace = TraceContext.root().traceID
            #expect(tracers[0].samples(trace) == tracers[1].samples(trace))
        }
    }

    @Test func aCallerThatWantsNoTraceGetsNone() {
        let quiet = TraceContext.root(isSampled: false)
        #expect(!quiet.sampled(true).isSampled)
        #expect(!TraceContext.root().sampled(false).isSampled)
        #expect(TraceContext.root().child().sampled(true).isSampled)
    }

    @Test func aChildNamesItsParent() {
        let parent = TraceContext.root()
        let child = parent.child()
        #expect(child.parentID == parent.spanID)
        #expect(parent.parentID == nil)
    }
}
