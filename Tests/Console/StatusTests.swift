import JSON
import Messaging
import Testing

@testable import Console

@Suite struct StatusTests {
    private func service(
        _ name: String, _ readiness: ServiceState.Readiness = .ready, _ reasons: [String] = [],
        _ samples: [String: Double] = [:]
    ) -> ServiceState {
        ServiceState(
            name: name, url: "http://\(name)", readiness: readiness, reasons: reasons,
            samples: samples.map { .init($0.key, .number("\($0.value)")) })
    }

    private func queue(ready: Int = 0, consumers: Int = 1, dead: Int = 0, age: Int = 0) -> SystemState.Queue {
        SystemState.Queue(
            depth: .init(queue: .processed, ready: ready, consumers: consumers, retrying: 0, dead: dead),
            unacked: 0, age: age)
    }

    private func codes(_ state: SystemState) -> [String] { state.problems.map(\.code) }

    @Test func aHealthySystemHasNoProblems() {
        var state = SystemState(at: 0, services: [service("order-accept@1")])
        state.servers = [.init(name: "Redis")]
        state.queues = [queue(ready: 3, age: 500)]
        state.waiting = .init(count: 4, age: 900)
        state.outbox = .init(count: 1, age: 100)
        state.failures = 0
        #expect(codes(state).isEmpty)
    }

    @Test func problemsAreListedWorstFirst() {
        var state = SystemState(
            at: 0,
            services: [
                service("order-accept@1", .ready, ["redis.unreachable"]), service("order-process@1", .hung),
            ])
        state.queues = [queue(dead: 2), queue(ready: 5, consumers: 0)]
        #expect(
            codes(state) == [
                "service.hung", "queue.unconsumed", "redis.unreachable", "queue.dead_letters",
            ])
        let severities = state.problems.map(\.severity)
        #expect(severities == [.critical, .critical, .warning, .warning])
        #expect(state.problems.allSatisfy { !$0.next.isEmpty && !$0.meaning.isEmpty })
    }

    @Test(arguments: [
        (ServiceState.Readiness.unreachable, "service.unreachable"), (.hung, "service.hung"),
        (.draining, "service.draining"), (.starting, "service.starting"),
        (.unavailable, "service.unavailable"),
    ])
    func aServiceThatIsNotReadyIsAProblem(readiness: ServiceState.Readiness, code: String) {
        #expect(codes(SystemState(at: 0, services: [service("console@1", readiness)])) == [code])
    }

    @Test func whatWaitsForLongIsAProblem() {
        var state = SystemState(at: 0)
        state.waiting = .init(count: 7, age: 12_000)
        #expect(state.problems.map(\.severity) == [.warning])
        #expect(state.problems[0].title == "7 orders wait to be recorded")
        state.waiting?.age = 61_000
        #expect(state.problems.map(\.severity) == [.critical])
        state.outbox = .init(count: 1, age: 11_000)
        state.intake = .init(count: 1, age: 11_000)
        state.queues = [queue(ready: 1, age: 11_000)]
        #expect(Set(codes(state)) == ["orders.waiting", "outbox.late", "intake.late", "queue.late"])
    }

    @Test func aServerThatIsAwayIsAProblem() {
        var state = SystemState(at: 0)
        state.servers = [.init(name: "RabbitMQ", error: "not connected")]
        #expect(codes(state) == ["server.away"])
        #expect(state.problems[0].title.contains("RabbitMQ"))
    }

    @Test(arguments: [
        "redis.unreachable", "redis.channels.authentication", "redis.oom", "rabbitmq.vhost",
        "rabbitmq.blocked",
        "postgres.schema", "postgres.full", "jwks.expired", "messages.waiting", "starting catalogue",
        "http.buffers", "order_ids.exhausted", "shutting down", "rabbitmq.slow", "rabbitmq.topology",
    ])
    func everyReasonIsExplained(reason: String) {
        let explained = ReadinessReason(reason)
        #expect(explained.meaning != reason && !explained.next.isEmpty)
    }

    // MARK: History

    private func state(at: Int64, _ samples: [String: Double]) -> SystemState {
        SystemState(at: at, services: [service("order-process@1", .ready, [], samples)])
    }

    private func value(_ name: String, _ point: StatusHistory.Point?) -> Double? {
        point.flatMap { point in StatusHistory.names.firstIndex(of: name).flatMap { point.values[$0] } }
    }

    @Test func aPointHasRatesAndQuantilesOfItsInterval() {
        func samples(_ accepted: Double, _ buckets: [Double]) -> [String: Double] {
            var samples = ["waybill_orders_accepted_total": accepted]
            for (bound, count) in zip(["0.01", "0.1", "+Inf"], buckets) {
                samples["waybill_order_completion_seconds_bucket{le=\"\(bound)\"}"] = count
            }
            return samples
        }
        var history = StatusHistory()
        #expect(history.add(state(at: 0, samples(100, [10, 10, 10]))) == nil)
        #expect(history.add(state(at: 1000, samples(101, [10, 10, 10]))) == nil)
        let point = history.add(state(at: 5000, samples(150, [60, 110, 110])))
        #expect(value("accepted", point) == 10)
        #expect(value("completionP50", point) == 10)
        #expect(abs((value("completionP99", point) ?? 0) - 98.2) < 0.01)
        #expect(value("notificationP50", point) == nil)
    }

    @Test func aRestartedReplicaCountsFromZero() {
        var history = StatusHistory()
        _ = history.add(state(at: 0, ["waybill_orders_accepted_total": 1000]))
        let point = history.add(state(at: 10_000, ["waybill_orders_accepted_total": 20]))
        #expect(value("accepted", point) == 2)
    }

    @Test func anHourIsKept() {
        var history = StatusHistory()
        for second in 0..<1000 { _ = history.add(state(at: Int64(second) * 5000, [:])) }
        #expect(history.points.count == 720)
        #expect(history.points.last?.at == 4_995_000 as Int64)
    }

    // MARK: Dead letters

    private func message(_ id: String, _ reason: String, order: Int = 7, of customer: String = "CUST-1")
        -> JSONValue
    {
        .object([
            .init("id", .string(id)), .init("reason", .string(reason)), .init("orderId", .number("\(order)")),
            .init("customerId", .string(customer)), .init("correlationId", .string("c-\(id)")),
        ])
    }

    @Test func deadLettersAreFoundByTextAndReason() {
        let messages = [
            message("a", "Product X does not exist."), message("b", "not JSON", order: 8, of: "CUST-2"),
            message("c", "Product X does not exist."),
        ]
        func found(_ filter: DeadLetterPage.Filter) -> [String] {
            let page = DeadLetterPage(queue: "order.accepted", total: 3, messages: messages, filter: filter)
            return page.json["items"]?.array?.compactMap { $0["id"]?.string } ?? []
        }
        #expect(found(.init()) == ["a", "b", "c"])
        #expect(found(.init(reason: "Product X does not exist.")) == ["a", "c"])
        #expect(found(.init(text: "CUST-2")) == ["b"])
        #expect(found(.init(text: "8")) == ["b"])
        #expect(found(.init(text: "c-c")) == ["c"])
        #expect(found(.init(offset: 1, size: 1)) == ["b"])
        let groups = DeadLetterPage(queue: "q", total: 3, messages: messages, filter: .init()).json["groups"]
        #expect(groups?[0]?["count"]?.int == 2)
        #expect(groups?[0]?["words"]?.string?.contains("not sold") == true)
    }
}
