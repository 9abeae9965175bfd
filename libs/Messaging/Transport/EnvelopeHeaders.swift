internal import AMQP
internal import Observability

/// An envelope's mapping to AMQP: properties where there is one, else headers.
enum AMQPHeader {
    static let traceparent = "traceparent"
    static let tracestate = "tracestate"
    static let causation = "causation-id"
    static let attempt = "x-attempt"
    static let error = "x-error"
    static let failedAt = "x-failed-at"
    static let replay = "x-replay"
    /// Written by the broker.
    static let deliveryCount = "x-delivery-count"
    static let deaths = "x-death"
}

extension AMQPProperties {
    init(_ envelope: Envelope) {
        self.init()
        contentType = "application/json"
        messageID = envelope.id
        correlationID = envelope.correlationID
        type = envelope.type
        timestamp = envelope.timestamp
        appID = envelope.appID
        if let trace = envelope.trace {
            headers.append(AMQPHeader.traceparent, .string(trace.traceparent))
            if !trace.state.isEmpty { headers.append(AMQPHeader.tracestate, .string(trace.state)) }
        }
        if let causation = envelope.causationID { headers.append(AMQPHeader.causation, .string(causation)) }
        headers.append(AMQPHeader.attempt, .int(Int64(envelope.attempt)))
        if envelope.isReplay { headers.append(AMQPHeader.replay, .bool(true)) }
        if let failure = envelope.failure {
            headers.append(AMQPHeader.error, .string(failure.reason))
            headers.append(AMQPHeader.failedAt, .string(failure.failedAt))
        }
    }
}

extension Envelope {
    /// Lenient: missing values stay empty; the consumer decides how to handle them.
    init(_ properties: AMQPProperties) {
        self.init(
            id: properties.messageID ?? "", correlationID: properties.correlationID ?? "",
            type: properties.type ?? "", timestamp: properties.timestamp ?? 0, appID: properties.appID ?? "")
        var traceparent: String?
        var tracestate = ""
        var reason: String?
        var failedAt = ""
        for header in properties.headers.entries {
            switch header.name {
            case AMQPHeader.traceparent: traceparent = header.value.string
            case AMQPHeader.tracestate: tracestate = header.value.string ?? ""
            case AMQPHeader.causation: causationID = header.value.string
            case AMQPHeader.attempt: attempt = Int(clamping: max(1, header.value.int ?? 1))
            case AMQPHeader.replay: isReplay = header.value == .bool(true)
            case AMQPHeader.error: reason = header.value.string
            case AMQPHeader.failedAt: failedAt = header.value.string ?? ""
            default: break
            }
        }
        trace = traceparent.flatMap { TraceContext(traceparent: $0, tracestate: tracestate) }
        failure = reason.map { Failure(reason: $0, failedAt: failedAt) }
    }
}

extension InboundMessage {
    init(_ delivery: AMQPDelivery) {
        self.init(
            envelope: Envelope(delivery.properties), body: delivery.body,
            isRedelivered: delivery.isRedelivered,
            isDefective: delivery.defect != nil,
            token: Token(tag: delivery.tag, generation: delivery.generation))
        let headers = delivery.properties.headers
        deliveries = Int(clamping: headers[AMQPHeader.deliveryCount]?.int ?? 0)
        brokerReason = Self.brokerReason(headers[AMQPHeader.deaths])
    }

    /// The broker lists the deaths of a message, the latest first. That of a retry queue is its delay.
    private static func brokerReason(_ deaths: AMQPFieldValue?) -> String? {
        guard case .array(let deaths)? = deaths, case .table(let latest)? = deaths.first,
            let queue = latest["queue"]?.string, !queue.contains(".retry."),
            let reason = latest["reason"]?.string
        else { return nil }
        return switch reason {
        case "delivery_limit": "It was delivered too often (the broker's delivery limit)."
        case "expired": "It expired in the queue (the broker's limit of time)."
        case "maxlen": "The queue was full (the broker's limit of length)."
        case "rejected": "It could not be read."
        default: "The broker dead-lettered it: \(reason.prefix(64))."
        }
    }
}

extension MessagingError {
    init(_ error: AMQPError) {
        let code: Code =
            switch error.code {
            case .notConnected, .connectionFailed, .tls, .authenticationFailed, .blocked: .unavailable
            case .overloaded: .overloaded
            case .returned: .unroutable
            case .nacked: .refused
            case .connectionLost, .timeout, .connectionClosed, .channelClosed, .cancelled: .unknownOutcome
            case .protocolViolation, .invalidArgument: .invalid
            case .closed: .closed
            }
        self.init(code, error.description)
    }
}
