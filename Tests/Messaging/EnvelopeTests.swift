import AMQP
import EventLoop
import Observability
import OrderEvents
import Orders
import Testing

@testable import Messaging

@Suite struct EnvelopeTests {
    private func envelope() -> Envelope {
        var envelope = Envelope(
            id: "m", correlationID: "c", type: "order.accepted.v1", timestamp: 1_700_000_000, appID: "a",
            trace: TraceContext(
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", tracestate: "k=v"),
            causationID: "p")
        envelope.attempt = 3
        envelope.failure = Envelope.Failure(reason: "why", failedAt: "2026-11-20T16:00:00.000Z")
        envelope.isReplay = true
        return envelope
    }

    @Test func roundTripsEveryField() {
        let properties = AMQPProperties(envelope())
        #expect(Envelope(properties) == envelope())
        #expect(properties.isPersistent && properties.contentType == "application/json")
        #expect(
            properties.headers.entries.map(\.name) == [
                "traceparent", "tracestate", "causation-id", "x-attempt", "x-replay", "x-error",
                "x-failed-at",
            ])
    }

    @Test func missingOrInvalidFieldsStayEmpty() {
        var properties = AMQPProperties()
        properties.headers = [
            "x-attempt": -4, "traceparent": "nonsense", "causation-id": 7, "x-death": .array([]),
        ]
        let envelope = Envelope(properties)
        #expect(envelope.attempt == 1 && envelope.trace == nil && envelope.causationID == nil)
        #expect(envelope.id.isEmpty && envelope.type.isEmpty && envelope.failure == nil)
        properties.headers = ["x-attempt": "two"]
        #expect(Envelope(properties).attempt == 1)
    }

    @Test func mapsAMQPErrors() {
        let codes: [(AMQPError.Code, MessagingError.Code)] = [
            (.notConnected, .unavailable), (.blocked, .unavailable), (.overloaded, .overloaded),
            (.returned, .unroutable), (.nacked, .refused), (.connectionLost, .unknownOutcome),
            (.timeout, .unknownOutcome), (.invalidArgument, .invalid), (.closed, .closed),
        ]
        for (amqp, expected) in codes {
            let error = MessagingError(AMQPError(amqp, "secret"))
            #expect(error.code == expected && !error.description.contains("secret"))
        }
    }
}

@Suite struct TopologyTests {
    @Test func queueNamesMatchTheContract() {
        let topology = OrderTopology().declarations
        #expect(topology.exchanges.map(\.name) == ["orders"])
        let queues = Set(topology.queues.map(\.name))
        for queue in ["order.accepted", "order.processed", "order.failed"] {
            #expect(
                queues.isSuperset(of: [
                    queue, "\(queue).dlq", "\(queue).dead", "\(queue).retry.1s", "\(queue).retry.10s",
                    "\(queue).retry.60s",
                ]))
        }
        #expect(queues.count == 18)
    }

    /// 1 s, 10 s and 60 s, each a retry queue that dead-letters back to the work queue; for both queue types.
    @Test(arguments: AMQPQueueType.allCases)
    func retryDelaysMatchTheContract(kind: AMQPQueueType) throws {
        let queues = OrderTopology(kind: kind).declarations.queues
        for name in ["order.accepted", "order.processed", "order.failed"] {
            for (label, milliseconds) in [("1s", 1_000), ("10s", 10_000), ("60s", 60_000)] {
                let retry = try #require(queues.first { $0.name == "\(name).retry.\(label)" })
                #expect(retry.isDurable)
                #expect(retry.arguments["x-message-ttl"]?.int == Int64(milliseconds))
                #expect(retry.arguments["x-dead-letter-exchange"]?.string == "")
                #expect(retry.arguments["x-dead-letter-routing-key"]?.string == name)
                #expect(retry.arguments["x-queue-type"]?.string == kind.rawValue)
            }
            let queue = try #require(queues.first { $0.name == name })
            #expect(queue.arguments["x-dead-letter-routing-key"]?.string == "\(name).dead")
        }
    }

    @Test func everyEventHasExactlyOneQueue() {
        let topology = OrderTopology().declarations
        for type in OrderEventType.allCases {
            let key = OrderTopology.routingKey(of: type)
            #expect(topology.bindings.count { $0.routingKey == key } == 1)
        }
        #expect(OrderTopology.routingKey(of: .cancelled) == "order.cancelled")
    }
}

@Suite struct DecoderTests {
    private let decoder = EventDecoder(OrderProcessed.self)

    private func refusal(_ type: String, _ body: String) -> String? {
        do {
            _ = try decoder.decode(type: type, body: Array(body.utf8))
            return nil
        } catch {
            return error.description
        }
    }

    @Test func decodingErrorsNameTypeVersionOrBody() {
        #expect(refusal("", "{}") == "The message has no type.")
        #expect(refusal("order.processed.v2", "{}") == "Version order.processed.v2 is not understood.")
        #expect(refusal("order.accepted.v1", "{}") == "Type order.accepted.v1 is not understood.")
        #expect(refusal("order.processed.v1", "{}") == "correlationId is missing.")
        #expect(refusal("order.processed.v1", "nonsense")?.hasPrefix("The body is not a valid event") == true)
        #expect(refusal(String(repeating: "x", count: 500), "")!.utf8.count < 100)
    }

    @Test func oneConsumerDecodesSeveralTypes() throws {
        enum Either: Equatable {
            case processed(OrderProcessed)
            case cancelled(OrderCancelled)
        }
        let decoder = EventDecoder<Either>()
            .reading(OrderProcessed.self) { .processed($0) }
            .reading(OrderCancelled.self) { .cancelled($0) }
        let event = Sample.processed(1)
        #expect(try decoder.decode(type: "order.processed.v1", body: event.encode()) == .processed(event))
        let cancelled = OrderCancelled(
            correlationID: event.correlationID, orderID: event.orderID, cancelledAt: event.processedAt)
        #expect(
            try decoder.decode(type: "order.cancelled.v1", body: cancelled.encode()) == .cancelled(cancelled))
    }
}
