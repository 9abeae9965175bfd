/// A NOTIFY that arrived. It is a hint: what it is about must be read from the tables.
package struct PostgresNotification: Sendable, Equatable {
    package let channel: String
    package let payload: String
    /// The server's process that sent it; compare with ``Connection/serverProcess`` to know one's own.
    package let serverProcess: Int32
}
