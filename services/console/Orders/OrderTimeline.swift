import JSON
import Orders

/// The steps of an order, by time. Times are in microseconds since 1970.
struct OrderTimeline {
    struct Step {
        var at: Int
        var duration: Int?
        var text: String
        var replica: String?
        /// Where it is known from: `event log`, `trace`, `mailbox`, `dead letter`, `intake table`.
        var source: String
        var error: String?

        var json: JSONValue {
            var members: [JSONValue.Member] = [
                .init("at", .number(String(at))), .init("text", .string(text)),
                .init("source", .string(source)),
            ]
            if let duration { members.append(.init("duration", .number(String(duration)))) }
            if let replica { members.append(.init("replica", .string(replica))) }
            if let error { members.append(.init("error", .string(error))) }
            return .object(members)
        }
    }

    private var steps: [Step] = []
    struct Pushes: Equatable {
        var count = 0
        /// In microseconds since 1970.
        var firstAt = Int.max

        mutating func add(at time: Int) {
            count += 1
            firstAt = min(firstAt, time)
        }
    }

    /// Pushes to sessions, by status.
    private(set) var pushes: [OrderStatus: Pushes] = [:]

    /// Of two at the same time, the longer one contains the other.
    var json: JSONValue {
        .array(steps.sorted { ($0.at, -($0.duration ?? 0)) < ($1.at, -($1.duration ?? 0)) }.map(\.json))
    }

    var isEmpty: Bool { steps.isEmpty }

    mutating func add(_ step: Step) { steps.append(step) }

    mutating func add(_ event: RecordedEvent) {
        let (text, error) = Self.description(of: event)
        add(Step(at: Int(event.occurredAt), text: text, source: "event log", error: error))
    }

    mutating func add(_ page: TraceCollector.Page) {
        for span in page.spans ?? [] {
            guard let at = span["start"]?.int, let text = Self.description(of: span) else { continue }
            if span["name"]?.string == "push",
                let status = span["attributes"]?["waybill.status"]?.string.flatMap({
                    OrderStatus(wireName: $0)
                })
            {
                pushes[status, default: Pushes()].add(at: at)
            }
            add(
                Step(
                    at: at, duration: span["duration"]?.int, text: text, replica: page.replica,
                    source: "trace",
                    error: span["error"]?.string))
        }
    }

    private static func description(of event: RecordedEvent) -> (text: String, error: String?) {
        let unpublished = event.isPublished ? "" : "; its event is not marked as published"
        switch event.type {
        case "order.accepted.v1":
            return (event.requestID.map { "Accepted, with the request \($0)" } ?? "Accepted", nil)
        case "order.processed.v1": return ("Recorded as COMPLETED\(unpublished)", nil)
        case "order.cancelled.v1": return ("Recorded as CANCELLED\(unpublished)", nil)
        case "order.failed.v1": return ("Recorded as FAILED\(unpublished)", event.reason)
        default: return ("\(event.type)\(unpublished)", event.reason)
        }
    }

    private static func description(of span: JSONValue) -> String? {
        guard let name = span["name"]?.string else { return nil }
        let attributes = span["attributes"]
        func text(_ key: String) -> String { attributes?[key]?.string ?? "?" }
        func number(_ key: String) -> String { attributes?[key]?.int.map(String.init) ?? "?" }
        switch name {
        case "accept order":
            let request = "the request \(text("waybill.request.id"))"
            return switch attributes?["waybill.taken_by"]?.string {
            case "rabbitmq": "Accepted by RabbitMQ, with \(request)"
            case "postgresql":
                "Accepted by PostgreSQL, since Redis or RabbitMQ did not answer, with \(request)"
            default: "Not accepted, with \(request)"
            }
        case "record order":
            return "Written to PostgreSQL, in a batch of \(number("db.operation.batch.size"))"
        case "deliver update":
            let status = text("waybill.status")
            return attributes?["waybill.duplicate"] == nil
                ? "\(status) put into the mailbox at \(number("waybill.mailbox.offset"))"
                : "\(status) was in the mailbox already, or is outdated"
        case "push":
            return
                "\(text("waybill.status")) pushed to the session \(text("waybill.session.id")) (\(text("waybill.protocol")))"
        case _ where name.hasPrefix("send "): return "Published to \(text("messaging.destination.name"))"
        case _ where name.hasPrefix("process "):
            let outcome =
                switch attributes?["waybill.outcome"]?.string {
                case "done": "done"
                case "retried": "to be tried again"
                case "dead_lettered": "dead-lettered"
                case "set_aside": "set aside until a server answers"
                default: "?"
                }
            return
                "Message of \(text("messaging.destination.name")), attempt \(number("waybill.attempt")): \(outcome)"
        default: return name
        }
    }
}
