import EventLoop
import JSON
import Observability
import Orders
import Redis

/// Registers this replica and whom it serves, for `waybill sessions`: `notify:replica:<name>` holds JSON and
/// expires by itself when the replica dies.
@Loop
final class Presence {
    static let interval = Duration.seconds(5)
    private static let lifetime = 15
    /// Users that are named; their number is told in full.
    private static let named = 1000

    private let client: Client
    private let sessions: Sessions
    private let address: String
    private let startedAt: String
    private let log: Logger
    private var last: [UInt8] = []

    init(_ client: Client, _ sessions: Sessions, address: String, startedAt: String, log: Logger) {
        self.client = client
        self.sessions = sessions
        self.address = address
        self.startedAt = startedAt
        self.log = log
    }

    private var key: Key { Key("notify:replica:", sessions.replica) }

    func run() async {
        while !Task.isCancelled {
            await register()
            do { try await Loop.sleep(for: Self.interval) } catch { return }
        }
    }

    /// Who stops is not to be found any more.
    func withdraw() async { _ = try? await client.command("DEL", key) }

    private func register() async {
        let document = document
        do throws(RedisError) {
            if document == last, try await client.command("EXPIRE", key, Self.lifetime) == .integer(1) {
                return
            }
            _ = try await client.command("SET", key, document, "EX", Self.lifetime)
            last = document
        } catch {
            log.debug("presence.unregistered", ["error": "\(error)"])
        }
    }

    private var document: [UInt8] {
        let roster = sessions.audiences.roster(limit: Self.named)
        return JSONWriter.encode(reserving: 256 + 96 * roster.count) { writer in
            writer.object { writer in
                writer.field("replica", sessions.replica)
                writer.field("address", address)
                writer.field("startedAt", startedAt)
                writer.field("draining", sessions.isDraining)
                writer.key("sessions")
                writer.object { counts in
                    for dialect in Dialect.allCases {
                        counts.key(named: dialect.name)
                        counts.int(sessions.counts[Int(dialect.rawValue)])
                    }
                }
                writer.field("userCount", sessions.audiences.count)
                writer.key("users")
                writer.array { list in for audience in roster { Self.write(audience, to: &list) } }
            }
        }
    }

    private static func write(_ audience: Audience, to list: inout JSONWriter) {
        var counts = [Int](repeating: 0, count: Dialect.allCases.count)
        for session in audience.sessions where session.isHere { counts[Int(session.dialect.rawValue)] += 1 }
        list.object { writer in
            writer.field("userId", audience.user.value)
            for dialect in Dialect.allCases where counts[Int(dialect.rawValue)] > 0 {
                writer.key(named: dialect.name)
                writer.int(counts[Int(dialect.rawValue)])
            }
        }
    }
}
