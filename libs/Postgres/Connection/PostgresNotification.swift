/// A received NOTIFY. It is a hint: read the data itself from the tables.
package struct PostgresNotification: Sendable, Equatable {
    package let channel: String
    package let payload: String
    /// The server's process that sent it; equal to ``PostgresConnection/serverProcess`` for one's own.
    package let serverProcess: Int32
}
