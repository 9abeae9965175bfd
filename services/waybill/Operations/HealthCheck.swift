import AMQP
import Bytes
import EventLoop
internal import JSON
import Messaging
import OrderRecords
import Orders
import Postgres
import Redis

/// One check and its problem.
struct HealthCheck: Sendable, Equatable {
    let name: String
    /// Nil when the check passes.
    var problem: String?
    /// The command that fixes it.
    var remedy: String?

    var json: JSONValue {
        .object([
            .init("name", .string(name)), .init("ok", .bool(problem == nil)),
            .init("problem", problem.map { .string($0) } ?? .null),
            .init("remedy", remedy.map { .string($0) } ?? .null),
        ])
    }
}

extension HealthCheck {
    /// - Parameter isLocal: whether this machine's scripts run the stack, whose supervisor restarts what exits.
    init(_ entry: StackHealth.Entry, isLocal: Bool) {
        let name = entry.service == entry.name ? entry.name : "\(entry.service) (\(entry.name))"
        self.name = "\(name)\(entry.url == "-" ? "" : " at \(entry.url)")"
        guard !entry.state.isHealthy else { return }
        problem =
            entry.state == .hung
            ? "it hangs: it has taken the connection and does not answer" : entry.state.text
        remedy =
            switch entry.state {
            case .hung where isLocal:
                "waybill up" + (entry.pid.map { ", which restarts it alone; or kill -9 \($0)" } ?? "")
            case .dead where isLocal: "waybill up"
            case .hung, .dead: "restart it where it runs"
            case .ready, .unready, .running, .strange:
                "waybill problems says what it means, and what to do"
                    + (isLocal ? "; waybill logs \(entry.name) --level warning" : "")
            }
    }
}

/// Checks a running stack: servers that do not answer, settings that risk data loss, and work for an
/// operator.
@Loop
struct StackDoctor {
    private let servers: ServerConnections

    init(_ servers: ServerConnections) { self.servers = servers }

    func examine() async -> [HealthCheck] {
        await redis() + broker() + database()
    }

    private func redis() async -> [HealthCheck] {
        do throws(CommandError) {
            let clients = try await servers.redis()
            let policy = try await setting(
                "maxmemory-policy", clients, wanted: ["noeviction", "volatile-lru"])
            let log = try await setting("appendonly", clients, wanted: ["yes"])
            return [
                HealthCheck(
                    name: "Redis evicts nothing, or the oldest of what expires",
                    problem: policy.map { "maxmemory-policy is \($0)" },
                    remedy: policy.map { _ in "redis-cli CONFIG SET maxmemory-policy noeviction" }),
                HealthCheck(
                    name: "Redis keeps its data",
                    problem: log.map { "appendonly is \($0): a restart loses every workflow" },
                    remedy: log.map { _ in "redis-cli CONFIG SET appendonly yes" }),
            ]
        } catch {
            return [HealthCheck(name: "Redis answers", problem: error.message, remedy: error.remedy)]
        }
    }

    /// The first value that is not a wanted one; nil also where the user may not look.
    private func setting(
        _ name: String, _ clients: [RedisClient], wanted: Set<ByteString>
    ) async throws(CommandError) -> String? {
        for client in clients {
            do throws(RedisError) {
                let pair = try await client.command("CONFIG", "GET", name).array
                let value = pair?.last?.string ?? "not known"
                if !wanted.contains(ByteString(value)) { return value }
            } catch {
                guard error.code == .server(prefix: "NOPERM") else { throw CommandError(error) }
            }
        }
        return nil
    }

    private func broker() async -> [HealthCheck] {
        do throws(CommandError) {
            var found: [HealthCheck] = []
            for queue in OrderTopology.WorkQueue.allCases {
                let consumers = try await status(of: queue.rawValue).consumers
                let service = queue == .accepted ? "order-process" : "order-notification"
                found.append(
                    HealthCheck(
                        name: "\(queue.rawValue) is consumed",
                        problem: consumers > 0 ? nil : "it has no consumer: no \(service) is connected",
                        remedy: consumers > 0 ? nil : "waybill up"))
            }
            for queue in OrderTopology.WorkQueue.allCases {
                let count = try await status(of: OrderTopology.deadLetterQueue(of: queue.rawValue)).messages
                found.append(
                    HealthCheck(
                        name: "dead letters of \(queue.rawValue)",
                        problem: count == 0 ? nil : "\(count) messages",
                        remedy: count == 0 ? nil : "waybill dlq list --queue \(queue.rawValue)"))
            }
            return found
        } catch {
            return [HealthCheck(name: "RabbitMQ answers", problem: error.message, remedy: error.remedy)]
        }
    }

    private func status(of queue: String) async throws(CommandError) -> AMQPQueueStatus {
        let client = try await servers.broker().client
        do throws(AMQPError) {
            return try await client.withChannel { channel throws(AMQPError) in
                try await channel.status(of: queue)
            }
        } catch {
            throw CommandError(error)
        }
    }

    private func database() async -> [HealthCheck] {
        let records = RecordOperations(servers)
        do throws(CommandError) {
            let pending = try await records.migrations().filter { $0.state.label != "applied" }
            var found = [
                HealthCheck(
                    name: "the schema matches the code",
                    problem: pending.isEmpty
                        ? nil
                        : pending.map { "step \($0.version) is \($0.state.label)" }.joined(separator: ", "),
                    remedy: pending.isEmpty ? nil : "waybill migrate up")
            ]
            let backlog = try await records.outbox()
            let isLate = backlog.age > OutboxStatusCommand.timeout
            found.append(
                HealthCheck(
                    name: "the outbox is published",
                    problem: isLate ? "\(backlog.count) events, the oldest \(backlog.age.text) old" : nil,
                    remedy: isLate ? "waybill problems" : nil))
            return found
        } catch {
            return [HealthCheck(name: "PostgreSQL answers", problem: error.message, remedy: error.remedy)]
        }
    }
}
