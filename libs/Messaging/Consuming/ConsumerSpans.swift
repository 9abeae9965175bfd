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
    private let queue: String
    private let name: String

    init(_ tracer: Tracer, queue: String) {
        self.tracer = tracer
        self.queue = queue
        name = "process \(queue)"
    }

    func record(_ message: Received<some Sendable>, _ outcome: Outcome, error: String? = nil) {
        guard let trace = message.context.trace else { return }
        let envelope = message.envelope
        tracer.record(
            TraceSpan(
                name, .consumer, trace, of: envelope.correlationID, from: message.receivedAt,
                [
                    .init("messaging.system", .text("rabbitmq")),
                    .init("messaging.destination.name", .text(queue)),
                    .init("messaging.operation.type", .text("process")),
                    .init("messaging.message.id", .text(envelope.id)),
                    .init("waybill.attempt", .number(envelope.attempt)),
                    .init("waybill.outcome", .text(outcome.rawValue)),
                    .init("waybill.redelivered", .number(message.isRedelivered ? 1 : 0)),
                ], error: error))
    }
}
