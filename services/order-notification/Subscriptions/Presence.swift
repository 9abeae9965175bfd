import EventLoop
import JSON
import Observability
import Orders
import Redis
import WorkflowState

/// Registers this replica and its sessions in Redis, for operators: `notify:replica:<name>#<random>` holds JSON and
/// expires when the replica dies; `notify:replicas` lists what follows `notify:replica:`. Replicas may have equal names.
@Loop
final class Presence: Service {
    static let interval = Duration.seconds(5)
    static let index = "notify:replicas"
    private static let lifetime = 15
    /// Sessions that are listed; all are counted.
    private static let named = 1000

    private let client: any RedisCommands
    private let sessions: SessionRegistry
    private let address: String
    let registration: String
    private let startedAt: String
    private let log: Logger
    private var last: [UInt8] = []

    init(_ client: any RedisCommands, _ sessions: SessionRegistry, address: String, log: Logger) {
        self.client = client
        self.sessions = sessions
        self.address = address
        registration = "\(sessions.replica)#\(String(UInt32.random(in: 0 ... .max), radix: 16))"
        startedAt = Timestamp(milliseconds: WallClock.milliseconds()).description
        self.log = log
    }

    private var key: RedisKey { RedisKey("notify:replica:", registration) }

    func run() async throws {
        while true {
            await register()
            try await Loop.sleep(for: Self.interval)
        }
    }

    /// Removes this replica's registration.
    func drain(until deadline: Instant) async {
        _ = try? await client.pipeline { batch in
            batch.add("DEL", key)
            batch.add("ZREM", Self.index, registration)
        }
    }

    func register() async {
        let document = document
        let until = WallClock.seconds() + Self.lifetime
        do throws(RedisError) {
            let isKnown =
                document == last
                ? try await client.command("EXPIRE", key, Self.lifetime) == .integer(1) : false
            let replies = try await client.pipeline { batch in
                if !isKnown { batch.add("SET", key, document, "EX", Self.lifetime) }
                batch.add("ZADD", Self.index, until, registration)
                // Removes replicas that died.
                batch.add("ZREMRANGEBYSCORE", Self.index, "-inf", until - 4 * Self.lifetime)
            }
            for reply in replies { _ = try reply.get() }
            last = document
        } catch  where error.code == .server(prefix: "WRONGTYPE") {
            // Somebody wrote another value there. Every replica writes itself into the list again.
            log.warning("presence.replaced", ["key": Self.index])
            _ = try? await client.command("DEL", Self.index)
        } catch {
            log.debug("presence.registration_failed", ["error": "\(error)"])
        }
    }

    private var document: [UInt8] {
        JSONWriter.encode(reserving: 256 + 160 * min(sessions.all.count, Self.named)) { writer in
            writer.object { writer in
                writer.field("replica", sessions.replica)
                writer.field("address", address)
                writer.field("startedAt", startedAt)
                writer.field("draining", sessions.isDraining)
                writer.key("sessions")
                writer.object { counts in
                    for wireProtocol in WireProtocol.allCases {
                        counts.key(named: wireProtocol.name)
                        counts.int(sessions.counts[Int(wireProtocol.rawValue)])
                    }
                }
                writer.field("userCount", sessions.subscriptions.count)
                writer.key("users")
                writer.array { list in
                    var left = Self.named
                    for subscription in sessions.subscriptions.activeUsers where left > 0 {
                        let here = subscription.sessions.filter(\.isOpen).prefix(left)
                        left -= here.count
                        if !here.isEmpty { Self.write(subscription, here, to: &list) }
                    }
                }
            }
        }
    }

    private static func write(
        _ subscription: UserSubscription, _ sessions: ArraySlice<Session>, to list: inout JSONWriter
    ) {
        list.object { writer in
            writer.field("userId", subscription.user.value)
            // Null while the mailbox has not been read.
            writer.field("position", subscription.position?.description)
            writer.key("sessions")
            writer.array { list in
                for session in sessions {
                    list.object { writer in
                        writer.field("id", Session.text(of: session.id))
                        writer.field("protocol", session.wireProtocol.name)
                        let opened = Timestamp(milliseconds: Int64(session.openedAt) * 1000)
                        writer.field("since", opened.description)
                    }
                }
            }
        }
    }
}
