package import EventLoop

/// Listens on channels with a session of its own, and comes back after every loss of it.
///
/// Notifications are hints: those sent while no session listened are gone, so after each (re)connection `hint`
/// is called with nil, and the reader looks into the tables.
@Loop
package final class PostgresNotificationListener {
    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let backoff: Backoff
    private let hint: @Loop (PostgresNotification?) -> Void
    private var connection: PostgresConnection?

    package init(
        _ configuration: PostgresConfiguration, channels: [String],
        backoff: Backoff = Backoff(base: .milliseconds(50), cap: .seconds(5)),
        hint: @escaping @Loop (PostgresNotification?) -> Void
    ) {
        self.configuration = configuration
        self.channels = channels
        self.backoff = backoff
        self.hint = hint
    }

    /// True while a session listens.
    package var isListening: Bool { connection?.isOpen ?? false }

    /// Listens until the task is cancelled.
    package func run() async {
        await Loop.reconnect(backoff, stableAfter: .zero, until: AsyncSignal()) {
            // A failure shows in `isListening`; the next attempt follows.
            guard let connection = try? await PostgresConnection.connect(configuration) else { return .zero }
            defer { connection.close() }
            connection.onNotification = hint
            for channel in channels where (try? await connection.listen(to: channel)) == nil { return .zero }
            self.connection = connection
            hint(nil)
            let start = Loop.now
            await ending(of: connection)
            return start.duration(to: Loop.now)
        }
    }

    private func ending(of connection: PostgresConnection) async {
        await withTaskCancellationHandler {
            await Loop.suspend { resumption in
                guard connection.isOpen else { return resumption.resume() }
                connection.onClose = { _ in resumption.resume() }
            }
        } onCancel: {
            Task { @Loop in connection.close() }
        }
    }
}
