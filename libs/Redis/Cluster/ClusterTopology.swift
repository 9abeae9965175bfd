internal import EventLoop

/// Which primary serves each slot. Some slots may have none.
struct ClusterTopology: Equatable {
    /// What the cluster specification recommends as the largest cluster.
    static let nodeLimit = 1000
    private static let uncovered = UInt16.max

    /// Each has slots, or had some until another node was named for them.
    private(set) var primaries: [Endpoint] = []
    /// For each slot, the index of its primary.
    private var owners = [UInt16](repeating: Self.uncovered, count: HashSlot.count)
    private var covered = 0

    /// The index of the slot's primary in ``primaries``; nil for a slot without one.
    func index(of slot: Int) -> Int? {
        owners[slot] == Self.uncovered ? nil : Int(owners[slot])
    }

    func primary(of slot: Int) -> Endpoint? { index(of: slot).map { primaries[$0] } }

    /// Whether each slot has a primary.
    var isComplete: Bool { covered == HashSlot.count }

    /// - Returns: whether this is new.
    mutating func assign(_ slot: Int, to endpoint: Endpoint) -> Bool {
        guard primary(of: slot) != endpoint, let index = index(adding: endpoint) else { return false }
        if owners[slot] == Self.uncovered { covered += 1 }
        owners[slot] = index
        return true
    }

    private mutating func index(adding endpoint: Endpoint) -> UInt16? {
        if let index = primaries.firstIndex(of: endpoint) { return UInt16(index) }
        guard primaries.count < Self.nodeLimit else { return nil }
        primaries.append(endpoint)
        return UInt16(primaries.count - 1)
    }
}

extension ClusterTopology {
    /// Reads the reply of CLUSTER SLOTS: `[[first, last, [host, port, …], replica, …], …]`.
    ///
    /// - Parameter node: the one that answered. A host that is empty or null is its own.
    init(_ reply: RedisValue, from node: Endpoint) throws(RedisError) {
        guard let ranges = try reply.get().array, ranges.count <= HashSlot.count else { throw Self.malformed }
        for range in ranges {
            guard let parts = range.array, parts.count >= 3, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], 0 <= first, first <= last, last < HashSlot.count,
                let address = parts[2].array, address.count >= 2, case .integer(let number) = address[1]
            else { throw Self.malformed }
            let host = address[0].isNull ? "" : address[0].string
            guard let host, host.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else { throw Self.malformed }
            // A node whose name or port is not known has slots that cannot be reached.
            guard host != "?", let port = UInt16(exactly: number), port > 0 else { continue }
            let endpoint = Endpoint(host: host.isEmpty ? node.host : host, port: port)
            guard let index = index(adding: endpoint),
                owners[first...last].allSatisfy({ $0 == Self.uncovered })
            else { throw Self.malformed }
            for slot in first...last { owners[slot] = index }
            covered += last - first + 1
        }
    }

    private static var malformed: RedisError { .unexpected("CLUSTER SLOTS") }
}
