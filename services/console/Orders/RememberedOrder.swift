import EventLoop
import JSON
import Orders
import Redis
import WorkflowState

/// What Redis has of an order.
struct RememberedOrder: Sendable {
    /// Nil when it has forgotten the order.
    var status: OrderStatus?
    var owner: UserID?
    /// Entries of the owner's mailbox about the order: the time, in microseconds, and the status.
    var delivered: [(at: Int, status: OrderStatus)] = []
}

/// Reads the copies of an order.
@Loop
struct RememberedOrders {
    private static let mailboxLimit = 256

    private let client: any RedisCommands
    private let keys: WorkflowKeys

    init(_ client: any RedisCommands) {
        self.client = client
        keys = WorkflowKeys(isTagged: client.isCluster)
    }

    /// The correlation id of an order that is not recorded yet. In a cluster its place depends on its owner: then it is not
    /// found.
    func correlationID(of order: OrderID) async throws(RedisError) -> CorrelationID? {
        guard !client.isCluster else { return nil }
        let value = try await client.values(of: [WorkflowKeys.plainPending(order)])[0]
        guard let bytes = value.bytes, let document = try? JSONValue(parsing: bytes.span) else { return nil }
        return document["correlationId"]?.string.flatMap { CorrelationID($0) }
    }

    /// - Parameter owner: when Redis need not know.
    func read(_ id: CorrelationID, owner: UserID?) async throws(RedisError) -> RememberedOrder {
        let values = try await client.values(of: [keys.status(id), keys.owner(id)])
        var copies = RememberedOrder(
            status: values[0].string.flatMap { WorkflowStatus(text: $0)?.status },
            owner: values[1].string.flatMap { UserID($0) })
        guard let owner = copies.owner ?? owner else { return copies }
        let entries = try await client.command(
            "XREVRANGE", keys.mailbox(owner), "+", "-", "COUNT", Self.mailboxLimit
        ).array
        for entry in entries ?? [] {
            guard let parts = entry.array, parts.count == 2, let entryID = parts[0].string,
                let offset = Int64(entryID.prefix { $0 != "-" }), let fields = parts[1].array,
                let suffix = fields.last?.bytes,
                let update = UpdateCodec.entry(offset: offset, suffix: suffix)?.update,
                update.correlationID == id
            else { continue }
            copies.delivered.append((Int(offset), update.status))
        }
        return copies
    }
}
