package import AMQP
package import OrderEvents
package import Orders

/// Defines the names of the exchange and queues, and the queues' bindings.
package struct OrderTopology: Sendable {
    /// A queue that a service consumes.
    package enum WorkQueue: String, Sendable, CaseIterable {
        case accepted = "order.accepted"
        case processed = "order.processed"
        case failed = "order.failed"

        /// The events it receives.
        package var events: [OrderEventType] {
            switch self {
            case .accepted: [.accepted]
            case .processed: [.processed, .cancelled]
            case .failed: [.failed]
            }
        }
    }

    /// Set by tests only, to isolate them from each other.
    package var prefix: String
    package var kind: AMQPQueueType
    package var retryPolicy: RetryPolicy

    package init(kind: AMQPQueueType = .quorum, retryPolicy: RetryPolicy = .standard, prefix: String = "") {
        self.kind = kind
        self.retryPolicy = retryPolicy
        self.prefix = prefix
    }

    package var exchange: String { prefix + "orders" }

    package func queue(_ queue: WorkQueue) -> String { prefix + queue.rawValue }

    /// An event's routing key is its type without the version: `order.accepted`.
    package static func routingKey(of type: OrderEventType) -> String {
        keys[type] ?? type.rawValue
    }

    /// Looked up for every message.
    private static let keys = Dictionary(
        uniqueKeysWithValues: OrderEventType.allCases.map { ($0, String(EventName($0.rawValue).name)) })

    package static func deadLetterQueue(of queue: String) -> String {
        AMQPTopology.deadLetterQueue(of: queue)
    }

    package static func deadQueue(of queue: String) -> String { AMQPTopology.deadQueue(of: queue) }

    package static func retryQueue(_ queue: String, after delay: Duration) -> String {
        AMQPTopology.retryQueue(of: queue, after: delay)
    }

    /// What to declare at every connect.
    package var declarations: AMQPTopology {
        var topology = AMQPTopology()
        topology.addExchange(exchange)
        for queue in WorkQueue.allCases {
            topology.addWorkQueue(self.queue(queue), kind: kind, retryDelays: retryPolicy.delays)
            for event in queue.events {
                topology.bind(self.queue(queue), to: exchange, routingKey: Self.routingKey(of: event))
            }
        }
        return topology
    }
}

/// A parsed event type: `order.accepted.v1` is version 1 of `order.accepted`.
struct EventName: Equatable {
    var name: Substring
    /// nil when there is none.
    var version: Int?

    init(_ type: String) {
        name = type[...]
        guard let dot = type.lastIndex(of: ".") else { return }
        let label = type[type.index(after: dot)...]
        guard label.first == "v", let number = Int(label.dropFirst()), number > 0 else { return }
        name = type[..<dot]
        version = number
    }
}
