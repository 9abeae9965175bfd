import Bytes
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
        #expect(Set(state.problems.map(\.key)).count == 4)
        #expect(state.problems.allSatisfy { !$0.next.isEmpty && !$0.meaning.isEmpty })
    }

    /// What nobody works on waits: that is no problem of its own.
    @Test(arguments: [ServiceState.Readiness.hung, .unreachable, .unavailable, .ready])
    func whatFollowsFromAProblemIsItsEffect(readiness: ServiceState.Readiness) {
        var state = SystemState(
            at: 0,
            services: [
                service(
                    "order-process@1", readiness, readiness == .unavailable ? ["postgres.unreachable"] : []),
                service("order-notification@1"),
            ])
        state.queues = [
            .init(
                depth: .init(queue: .accepted, ready: 300, consumers: 0, retrying: 0, dead: 0), unacked: 0,
                age: 90_000)
        ]
        state.waiting = .init(count: 300, age: 90_000)
        state.outbox = .init(count: 1, age: 130_000)
        state.intake = .init(count: 2, age: 70_000)
        let problems = state.problems
        guard readiness != .ready else {
            #expect(problems.count == 4 && problems.allSatisfy(\.effects.isEmpty))
            return
        }
        #expect(problems.count == 1 && problems[0].services == ["order-process"])
        #expect(
            problems[0].effects == [
                "Nobody consumes order.accepted. 300 messages wait in it, the oldest for up to 90 s.",
                "300 orders to be recorded. Accepted, and not lost. The oldest is 90 s old.",
                "1 order whose outcome is not marked as published. Its customer may not have been told. "
                    + "The oldest is 2 min old.",
                "2 orders in the intake table. PostgreSQL took them when Redis or RabbitMQ did not answer. "
                    + "The oldest is 70 s old.",
            ])
    }

    @Test func oneCauseIsOneProblem() {
        let refused = ["redis.authentication", "redis.channels.authentication"]
        let state = SystemState(
            at: 0,
            services: [
                service("order-accept@1", .ready, ["redis.authentication"]),
                service("order-notification@1", .unavailable, refused),
                service("order-notification@2", .unavailable, refused),
            ])
        #expect(codes(state) == ["redis.authentication"])
        let problem = state.problems[0]
        #expect(
            problem.severity == .critical && problem.services == ["order-notification", "order-notification"])
        for text in [
            "Not ready: order-notification@1, order-notification@2.",
            "Ready, and without it: order-accept@1.",
        ] { #expect(problem.meaning.contains(text)) }
        let many = (1...5).map { service("order-notification@\($0)", .unavailable, refused) }
        #expect(
            SystemState(at: 0, services: many).problems[0].meaning.hasPrefix(
                "Not ready: 5 replicas of order-notification."))
        #expect(problem.title == "Redis refuses the user or the password")
    }

    @Test func whoWaitsForAServerHasOneProblem() {
        let waits = ["messages.waiting", "redis.authentication"]
        var state = SystemState(
            at: 0,
            services: [
                service("order-notification@1", .unavailable, waits),
                service("order-notification@2", .unavailable, waits),
            ])
        #expect(codes(state) == ["redis.authentication"])
        #expect(
            state.problems[0].effects == [
                "order-notification@1, order-notification@2: a batch waits for it."
            ])
        state.services[1] = service("order-notification@2", .unavailable, ["messages.waiting"])
        #expect(Set(codes(state)) == ["redis.authentication", "messages.waiting"])
    }

    @Test func theNewestProblemIsTheFirstOfItsKind() {
        var state = SystemState(at: 0, services: ["a@1", "b@1", "c@1"].map { service($0, .hung) })
        state.began = ["service.hung a@1": 5, "service.hung b@1": 9, "service.hung c@1": 7]
        #expect(state.problems.map(\.subject) == ["b@1", "c@1", "a@1"])
        #expect(state.problems[0].json["since"]?.int == 9)
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
        #expect(state.problems[0].title == "7 orders to be recorded")
        state.waiting?.age = 61_000
        #expect(state.problems.map(\.severity) == [.critical])
        state.outbox = .init(count: 1, age: 31_000)
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

    @Test(arguments: ["customerId is missing.", "items[0].productId is invalid: JSON wrongKind at byte 7."])
    func whatItsSenderMisspeltIsNotReplayed(reason: String) {
        #expect(DeadLetterReason.advice(on: reason).words.contains("no attempt can succeed"))
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
