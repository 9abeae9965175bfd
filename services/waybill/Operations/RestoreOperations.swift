import EventLoop
import OrderRecords
import Postgres
import Redis

/// What remains to be done when PostgreSQL has been restored from a backup: it knows less than was given out since.
@Loop
struct RestoreOperations {
    struct Result: Sendable {
        var nextOrderID: Int64
        var keysDeleted: Int
    }

    private let servers: ServerConnections

    /// All of the services' keys; others may share the server.
    private static let patterns = ["order:*", "notify:*"]
    private static let scanned = 1000

    init(_ servers: ServerConnections) { self.servers = servers }

    /// - Throws: when services are connected to the database, since they hold ids and copies of what it had.
    func finish() async throws(CommandError) -> Result {
        let database = try servers.database()
        let redis = try await servers.redis()
        let connected: [String]
        do throws(PostgresError) { connected = try await others(database) } catch {
            throw CommandError(error)
        }
        guard connected.isEmpty else {
            throw CommandError(
                .failure, "still connected to PostgreSQL: \(connected.joined(separator: ", "))",
                remedy: "stop the services first")
        }
        let next: Int64
        do throws(PostgresError) { next = try await OrderIDSequence.moveAfterRestore(database) } catch {
            throw CommandError(error)
        }
        do throws(RedisError) {
            var deleted = 0
            for server in redis { deleted += try await forget(server) }
            return Result(nextOrderID: next, keysDeleted: deleted)
        } catch {
            throw CommandError(error)
        }
    }

    /// Names of the services that are connected.
    private func others(_ database: PostgresPool) async throws(PostgresError) -> [String] {
        var names: [String] = []
        for row in try await database.query(Self.others) { names.append(try row.string(0)) }
        return names.sorted()
    }

    /// - Returns: the number of deleted keys.
    private func forget(_ redis: RedisClient) async throws(RedisError) -> Int {
        var deleted = 0
        for pattern in Self.patterns {
            var cursor = "0"
            repeat {
                let page =
                    try await redis.command("SCAN", cursor, "MATCH", pattern, "COUNT", Self.scanned).array
                    ?? []
                cursor = page.first?.string ?? "0"
                let keys = page.last?.array?.compactMap(\.string) ?? []
                if keys.isEmpty { continue }
                // One by one: in a cluster they have different slots.
                for reply in try await redis.pipeline({ for key in keys { $0.add("UNLINK", key) } }) {
                    deleted += try reply.get().integer ?? 0
                }
            } while cursor != "0"
        }
        return deleted
    }

    /// What kind of session another role's is, is hidden.
    private static let others = PostgresStatement(
        """
        SELECT DISTINCT coalesce(nullif(application_name, ''), usename::text) FROM pg_stat_activity
        WHERE datname = current_database() AND usename LIKE 'waybill%'
            AND application_name IS DISTINCT FROM 'waybill'
        """, reused: false)
}
