import Bytes
import EventLoop
import HTTP
import JSON

/// A replica of a service, as it says of itself.
struct ServiceState: Sendable {
    enum Readiness: String, Sendable {
        case ready, starting, draining, unavailable
        /// Nothing answers at its address.
        case unreachable
        /// It accepts connections, and does not answer.
        case hung
    }

    var name: String
    var url: String
    var readiness: Readiness
    /// Why it is not ready, or what it does without.
    var reasons: [String] = []
    var samples: [JSONValue.Member] = []

    /// `order-accept` of `order-accept@8081`.
    var service: Substring { name.prefix { $0 != "@" } }

    func sample(_ name: String) -> Double? {
        samples.first { $0.key.hasSameBytes(as: name) }?.value.double
    }

    var json: JSONValue {
        .object([
            .init("name", .string(name)), .init("url", .string(url)),
            .init("readiness", .string(readiness.rawValue)),
            .init("reasons", .array(reasons.map { .string($0) })), .init("samples", .object(samples)),
        ])
    }
}

/// Asks the services' replicas whether they are ready, and reads a few of their metrics.
@Loop
struct ServiceProbe {
    private static let wanted: Set<ByteString> = [
        "waybill_build_info", "waybill_orders_accepted_total", "waybill_orders_rejected_total",
        "waybill_orders_processed_total",
        "waybill_notification_pushes_total", "waybill_notification_sessions",
        "waybill_notification_users", "waybill_notification_resumes_total",
        "waybill_order_completion_seconds_bucket", "waybill_order_notification_seconds_bucket",
        "waybill_consumer_unsettled_messages", "waybill_read_model_lag_events",
        "waybill_loop_longest_turn_seconds", "process_cpu_seconds_total",
        "process_resident_memory_bytes", "process_start_time_seconds",
    ]

    let replicas: ServiceReplicas

    /// One for each replica, in order.
    func read() async -> [ServiceState] { await replicas.each { await state(of: $0, $1) } }

    private func state(of name: String, _ url: String) async -> ServiceState {
        let metrics = Loop.task { try? await replicas.get("\(url)/metrics") }
        var state: ServiceState
        do throws(HTTPError) {
            let answer = try await replicas.get("\(url)/health/ready")
            let document = try? JSONValue(parsing: answer.body.span)
            state = ServiceState(
                name: name, url: url,
                readiness: document?["status"]?.string.flatMap { .init(rawValue: $0) } ?? .unavailable,
                reasons: document?["reasons"]?.array?.compactMap(\.string) ?? [])
        } catch {
            state = ServiceState(name: name, url: url, readiness: error.isSilence ? .hung : .unreachable)
        }
        if let page = await metrics.value, page.status == .ok { state.samples = Self.samples(of: page.text) }
        return state
    }

    /// `name{labels} value` of the lines with the wanted names.
    static func samples(of text: String) -> [JSONValue.Member] {
        text.split(separator: "\n").compactMap { line in
            guard let end = line.firstIndex(where: { $0 == "{" || $0 == " " }),
                wanted.contains(ByteString(String(line[..<end]))), let space = line.lastIndex(of: " "),
                let value = Double(line[line.index(after: space)...]), value.isFinite
            else { return nil }
            return .init(String(line[..<space]), .number(String(value)))
        }
    }
}

extension HTTPError {
    /// Connected, and no answer in time.
    fileprivate var isSilence: Bool { code == .timeout }
}
