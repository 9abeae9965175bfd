import Bytes
import EventLoop
import Observability
import Testing

@Loop
@Suite struct TracerTests {
    private final class Sink: SpanSink {
        var names: [String] = []
        func receive(_ span: TraceSpan) { names.append(span.name) }
    }

    private let a = UUID(high: 1, low: 1)
    private let b = UUID(high: 1, low: 2)
    private let c = UUID(high: 2, low: 1)

    private func span(_ name: String, of order: UUID? = nil, _ trace: TraceContext = .root()) -> TraceSpan {
        TraceSpan(TracedOperation(name, .internal, keys: []), trace, of: order, from: .systemNow())
    }

    @Test func theLatestSpansOfAnOrderAreRemembered() {
        let tracer = Tracer(capacity: 3)
        tracer.record(span("first", of: a))
        tracer.record(span("second", of: b))
        #expect(tracer.rememberedSince == nil)
        for name in ["third", "fourth"] { tracer.record(span(name, of: a)) }
        #expect(tracer.spans(of: a).map(\.name) == ["third", "fourth"])
        #expect(tracer.spans(of: b).map(\.name) == ["second"])
        #expect(tracer.rememberedSince == tracer.spans(of: b).first?.start)
        #expect(tracer.spans(of: c).isEmpty)
    }

    @Test func aSpanOfNoOrderIsOnlyExported() {
        let (tracer, sink) = (Tracer(), Sink())
        tracer.sink = sink
        tracer.record(span("request"))
        tracer.record(span("unsampled", of: a, .root(isSampled: false)))
        #expect(sink.names == ["request"])
        #expect(tracer.spans(of: a).map(\.name) == ["unsampled"])
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

    @Test func aSpanHasWhatItsOperationSaysAndItsOwnValues() {
        let operation = TracedOperation(
            "process", .consumer, [.init("system", .text("rabbitmq"))], keys: ["id", "attempt", "tag", "no"])
        let id = "0197a3f2-5b1c-7d4e-8f60-123456789abc"
        let span = TraceSpan(
            operation, .root(), from: .systemNow(), TraceSpan.Value(id: id), .number(2), .hexadecimal(0xab))
        let attributes = span.attributes.map { "\($0.key)=\($0.value)" }
        #expect(attributes == ["system=rabbitmq", "id=\(id)", "attempt=2", "tag=00000000000000ab"])
    }

    @Test(arguments: [
        "0197a3f2-5b1c-7d4e-8f60-123456789abc", "0197A3F2-5B1C-7D4E-8F60-123456789ABC", "m-1", "",
        "0197a3f25b1c7d4e8f60123456789abc", "0197A3F25B1C7D4E8F60123456789ABC",
        "00000000000000000000000000000000",
        "\u{e9}97a3f25b1c7d4e8f60123456789abc",
    ])
    func anIdIsWrittenAsItCame(id: String) { #expect(TraceSpan.Value(id: id).description == id) }
}
