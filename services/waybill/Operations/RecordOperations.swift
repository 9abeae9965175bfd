import EventLoop
import OrderRecords
import Postgres

/// The system of record: its schema, its outbox and its views.
@Loop
struct RecordOperations {
    private let servers: ServerConnections

    init(_ servers: ServerConnections) { self.servers = servers }

    // MARK: Outbox

    func outbox() async throws(CommandError) -> OutboxBacklog {
        let outbox = PostgresOutbox(try servers.database())
        do throws(OrderRecordsError) { return try await outbox.backlog() } catch {
            throw CommandError(error)
        }
    }

    // MARK: Schema

    func migrations() async throws(CommandError) -> [PostgresMigrationStatus] {
        let pool = try servers.database()
        do {
            let migrator = try PostgresMigrator(OrderDatabase.migrations)
            return try await pool.withConnection { connection in try await migrator.status(on: connection) }
        } catch {
            throw Self.failure(error)
        }
    }

    /// Applies pending migrations, after waiting for any other process that is migrating.
    func migrate(
        onStart: @Loop (PostgresMigration) -> Void
    ) async throws(CommandError) -> [PostgresMigration] {
        let configuration = try servers.databaseConfiguration()
        do {
            return try await PostgresMigrator(OrderDatabase.migrations).migrate(
                configuration, onStart: onStart)
        } catch {
            throw Self.failure(error)
        }
    }

    // MARK: Views

    func views() async throws(CommandError) -> ReadModelProgress {
        let models = ReadModels(try servers.database())
        do throws(OrderRecordsError) { return try await models.progress() } catch {
            throw CommandError(error)
        }
    }

    /// Rebuilds both views from the whole log; readers see the old ones until it is done.
    func rebuildViews(
        progress: @Loop (ReadModelProgress) -> Void
    ) async throws(CommandError) -> ReadModelProgress {
        let models = ReadModels(try servers.database())
        do throws(OrderRecordsError) {
            return try await models.rebuild(progress: progress)
        } catch {
            throw CommandError(error)
        }
    }

    private static func failure(_ error: any Error) -> CommandError {
        (error as? PostgresError).map { CommandError($0) }
            ?? CommandError(.interrupted, "interrupted", noRemedy: "the user ended it")
    }
}
