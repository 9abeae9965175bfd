/// How a queue stores its messages.
package enum AMQPQueueType: String, Sendable, Hashable, CaseIterable {
    /// Replicated by Raft (https://www.rabbitmq.com/docs/quorum-queues).
    case quorum
    /// One node, for development.
    case classic
}

/// Exchanges, queues and bindings of a program, declared at every connect.
package struct AMQPTopology: Sendable, Hashable {
    package struct Exchange: Sendable, Hashable {
        package var name: String
        /// `topic`, `direct`, `fanout`.
        package var kind: String
        package var isDurable = true
    }

    package struct Queue: Sendable, Hashable {
        package var name: String
        package var isDurable = true
        package var isExclusive = false
        package var isAutoDelete = false
        package var arguments: AMQPTable = [:]
        /// Its messages are looked at again and again, and must stay.
        package var keepsRedelivered = false
    }

    package struct Binding: Sendable, Hashable {
        package var queue: String
        package var exchange: String
        package var routingKey: String
    }

    package var exchanges: [Exchange] = []
    package var queues: [Queue] = []
    package var bindings: [Binding] = []

    package init() {}

    package mutating func addExchange(_ name: String, kind: String = "topic") {
        exchanges.append(Exchange(name: name, kind: kind))
    }

    package mutating func bind(_ queue: String, to exchange: String, routingKey: String) {
        bindings.append(Binding(queue: queue, exchange: exchange, routingKey: routingKey))
    }

    /// Adds a durable queue without dead-lettering, whose messages may be redelivered without end.
    package mutating func addQueue(_ name: String, kind: AMQPQueueType) {
        queues.append(Queue(name: name, arguments: Self.type(kind), keepsRedelivered: kind == .quorum))
    }

    /// Adds a durable queue, its dead-letter queues, and one retry queue per delay.
    ///
    /// What the broker dead-letters by itself (delivery limit, expiry, overflow) goes to `<queue>.dead`, whose consumer
    /// adds the reason and moves it to `<queue>.dlq`.
    ///
    /// A retry queue dead-letters its messages back to the queue after its TTL: one TTL per queue, because
    /// messages with a longer one block those behind. Quorum queues dead-letter at least once, which needs
    /// `reject-publish` (https://www.rabbitmq.com/docs/quorum-queues#dead-lettering).
    /// - Parameter deliveryLimit: redeliveries after which a quorum queue dead-letters by itself; explicit,
    ///   since the default depends on the broker's version. Classic queues have none.
    package mutating func addWorkQueue(
        _ name: String, kind: AMQPQueueType, retryDelays: [Duration], deliveryLimit: Int64 = 20
    ) {
        let (dead, deadLetters) = (Self.deadQueue(of: name), Self.deadLetterQueue(of: name))
        var arguments = Self.type(kind)
        Self.deadLetter(to: dead, kind, &arguments)
        if kind == .quorum { arguments["x-delivery-limit"] = .int(deliveryLimit) }
        queues.append(Queue(name: name, arguments: arguments))
        addQueue(deadLetters, kind: kind)
        arguments = Self.type(kind)
        Self.deadLetter(to: deadLetters, kind, &arguments)
        queues.append(Queue(name: dead, arguments: arguments))
        for delay in retryDelays {
            var arguments = Self.type(kind)
            Self.deadLetter(to: name, kind, &arguments)
            arguments["x-message-ttl"] = .int(Self.milliseconds(delay))
            queues.append(Queue(name: Self.retryQueue(of: name, after: delay), arguments: arguments))
        }
    }

    /// `<queue>.dlq`
    package static func deadLetterQueue(of queue: String) -> String { "\(queue).dlq" }

    /// `<queue>.dead`
    package static func deadQueue(of queue: String) -> String { "\(queue).dead" }

    /// `<queue>.retry.10s`, or `….250ms` for a delay that is not whole seconds.
    package static func retryQueue(of queue: String, after delay: Duration) -> String {
        let milliseconds = milliseconds(delay)
        let label = milliseconds % 1000 == 0 ? "\(milliseconds / 1000)s" : "\(milliseconds)ms"
        return "\(queue).retry.\(label)"
    }

    private static func milliseconds(_ duration: Duration) -> Int64 {
        duration.components.seconds * 1000 + duration.components.attoseconds / 1_000_000_000_000_000
    }

    private static func type(_ kind: AMQPQueueType) -> AMQPTable { ["x-queue-type": .string(kind.rawValue)] }

    private static func deadLetter(to queue: String, _ kind: AMQPQueueType, _ arguments: inout AMQPTable) {
        arguments["x-dead-letter-exchange"] = ""
        arguments["x-dead-letter-routing-key"] = .string(queue)
        if kind == .quorum {
            arguments["x-dead-letter-strategy"] = "at-least-once"
            arguments["x-overflow"] = "reject-publish"
        }
    }

    /// Ordered so that each declaration finds what it refers to.
    /// - Parameter limitsDeliveries: whether the broker drops what was redelivered often, unless a queue says otherwise;
    ///   older brokers refuse to be told.
    func calls(limitsDeliveries: Bool) -> [AMQPClientMethod] {
        exchanges.map {
            .exchangeDeclare(
                name: $0.name, kind: $0.kind, isDurable: $0.isDurable, isPassive: false, arguments: [:])
        }
            + queues.map { queue in
                var arguments = queue.arguments
                if limitsDeliveries, queue.keepsRedelivered { arguments["x-delivery-limit"] = .int(-1) }
                return .queueDeclare(
                    name: queue.name, isDurable: queue.isDurable, isExclusive: queue.isExclusive,
                    isAutoDelete: queue.isAutoDelete, isPassive: false, arguments: arguments)
            }
            + bindings.map {
                .queueBind(queue: $0.queue, exchange: $0.exchange, routingKey: $0.routingKey, arguments: [:])
            }
    }
}

extension AMQPClientMethod {
    /// The queue or the exchange that the method declares.
    var declaredName: String? {
        switch self {
        case .queueDeclare(let name, _, _, _, _, _): name
        case .exchangeDeclare(let name, _, _, _, _): name
        default: nil
        }
    }
}
