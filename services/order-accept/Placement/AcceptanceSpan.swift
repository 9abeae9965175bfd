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

    func end(_ order: Order, _ way: Way) {
        record(order, [.init("waybill.taken_by", .text(way.rawValue))], error: nil)
    }

    func end(_ order: Order, _ error: PlacementError) { record(order, [], error: "\(error)") }

    private func record(_ order: Order, _ attributes: [TraceSpan.Attribute], error: String?) {
        tracer?.record(
            TraceSpan(
                "accept order", .internal, trace, of: order.correlationID.description, from: start,
                attributes + [
                    .init("waybill.order.id", .number(Int(order.id.value))),
                    .init("waybill.request.id", .text(request)),
                ], error: error))
    }
}
