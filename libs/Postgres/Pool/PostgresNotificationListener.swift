package import EventLoop

/// Listens on channels with a session of its own, and reconnects when it is lost.
///
/// Notifications are hints: those sent while no session listened are lost, so after each (re)connection
/// `onHint` is called with nil, and the caller reads the tables.
@Loop
package final class PostgresNotificationListener {
    private let configuration: PostgresConfiguration
    private let channels: [String]
    private let backoff: Backoff
    private let onHint: @Loop (PostgresNotification?) -> Void
    private var connection: PostgresConnection?

    package init(
        _ configuration: PostgresConfiguration, channels: [String],
        backoff: Backoff = Backoff(base: .milliseconds(50), cap: .seconds(5)),
        onHint: @escaping @Loop (PostgresNotification?) -> Void
    ) {
        self.configuration = configuration
        self.channels = channels
        self.backoff = backoff
        self.onHint = onHint
    }

    /// True while a session listens.
    package var isListening: Bool { connection?.isOpen ?? false }

    /// Listens until the task is cancelled.
    package func run() async {
        await Loop.reconnect(backoff, stableAfter: .zero, until: AsyncSignal()) {
            // A failure shows in `isListening`; the next attempt follows.
            guard let connection = try? await PostgresConnection.connect(configuration) else { return .zero }
            defer { connection.close() }
            connection.onNotification = onHint
            for channel in channels where (try? await connection.listen(to: channel)) == nil { return .zero }
            self.connection = connection
            onHint(nil)
            let start = Loop.now
            await wait(untilClosed: connection)
            return start.duration(to: Loop.now)
        }
    }

    private func wait(untilClosed connection: PostgresConnection) async {
        await withTaskCancellationHandler {
            await Loop.suspend { continuation in
                guard connection.isOpen else { return continuation.resume() }
                connection.onClose = { _ in continuation.resume() }
            }
        } onCancel: {
            Task { @Loop in connection.close() }
        }
    }
}
