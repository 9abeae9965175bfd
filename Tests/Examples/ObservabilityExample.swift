import EventLoop
import Observability

@Loop func observabilityExample() async throws {
    let sink = LogSink(
        origin: LogOrigin(service: "order-accept", replica: "order-accept@8081"), format: .json)
    let log = Logger(sink: sink, level: .info)
    let trace = TraceContext.root()
    log.info("order.accepted", ["orderId": 42], cid: "0197a3f2-5b1c-7d4e-8f60-123456789abc", trace: trace)

    let metrics = Metrics()
    let orders = metrics.counter("waybill_orders_total", "Accepted orders.", labels: ["outcome": "accepted"])
    orders.increment()
    print(String(decoding: metrics.exposition(), as: UTF8.self))
    sink.drain()
}
