internal import Bytes
internal import EventLoop
internal import Observability

/// Records a span for each attempt to handle a message.
@Loop
struct ConsumerSpans {
    enum Outcome: String {
        case done
        case retried
        case deadLettered = "dead_lettered"
        case setAside = "set_aside"
    }

    private let tracer: Tracer
    private let operation: TracedOperation

    init(_ tracer: Tracer, queue: String) {
        self.tracer = tracer
        operation = TracedOperation(
            "process \(queue)", .consumer,
            [
                .init("messaging.system", .text("rabbitmq")),
                .init("messaging.destination.name", .text(queue)),
                .init("messaging.operation.type", .text("process")),
            ],
            keys: ["messaging.message.id", "waybill.attempt", "waybill.outcome", "waybill.redelivered"])
    }

    func record(
        _ message: Received<some Sendable>, _ outcome: Outcome, to end: Instant? = nil, error: String? = nil
    ) {
        guard let trace = message.context.trace else { return }
        // The envelope is read in place: a copy of it costs as much as all else here.
        tracer.record(
            TraceSpan(
                operation, trace, of: UUID(message.message.envelope.correlationID), from: message.receivedAt,
                to: end, TraceSpan.Value(id: message.message.envelope.id),
                .number(message.message.envelope.attempt), .text(outcome.rawValue),
                .number(message.isRedelivered ? 1 : 0), error: error))
    }
}
