import EventLoop
import Observability
import Orders

/// The span of an order's acceptance.
@Loop
struct AcceptanceSpan {
    /// Who took the order.
    enum Way: String {
        case broker = "rabbitmq"
        case intake = "postgresql"
    }

    private static let operation = TracedOperation(
        "accept order", .internal, keys: ["waybill.taken_by", "waybill.order.id", "waybill.request.id"])

    /// The parent of what the acceptance leads to.
    let trace: TraceContext
    private let tracer: Tracer?
    private let request: String
    private let start = Instant.systemNow()

    init(_ tracer: Tracer?, _ trace: TraceContext, request: String) {
        self.tracer = tracer
        self.trace = trace
        self.request = request
    }

    func end(_ order: Order, _ way: Way) { record(order, .text(way.rawValue), error: nil) }

    func end(_ order: Order, _ error: PlacementError) { record(order, .none, error: "\(error)") }

    private func record(_ order: Order, _ way: TraceSpan.Value, error: String?) {
        tracer?.record(
            TraceSpan(
                Self.operation, trace, of: order.correlationID.uuid, from: start, way,
                .number(Int(order.id.value)), TraceSpan.Value(id: request), error: error))
    }
}
