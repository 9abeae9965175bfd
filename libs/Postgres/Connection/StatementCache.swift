/// Which statements a session has prepared, and under which names.
///
/// A statement counts as prepared once the server has confirmed it. Until then only the request that prepares
/// it may execute it, since it fails with that request.
struct StatementCache {
    struct Key: Hashable {
        let statement: PostgresStatement
        /// The same SQL with other parameter types is another statement.
        let types: [PostgresTypeID]
    }

    enum Plan: Equatable {
        /// Execute under that name.
        case prepared(String)
        /// Prepare under that name, then execute.
        case prepare(String)
        /// Parse, execute and forget.
        case unnamed
    }

    private enum Entry {
        case preparing(String, request: Int)
        case ready(String)
    }

    private let limit: Int
    private var entries: [Key: Entry] = [:]
    private var counter = 0

    /// - Parameter limit: statements that are cached; later ones are parsed at each use.
    init(limit: Int = 256) { self.limit = limit }

    mutating func plan(_ key: Key, request: Int) -> Plan {
        guard key.statement.isReused else { return .unnamed }
        switch entries[key] {
        case .ready(let name): return .prepared(name)
        case .preparing(let name, let owner): return owner == request ? .prepared(name) : .unnamed
        case nil:
            guard entries.count < limit else { return .unnamed }
            counter += 1
            let name = "s\(counter)"
            entries[key] = .preparing(name, request: request)
            return .prepare(name)
        }
    }

    /// The server's result of a prepare.
    mutating func settle(_ key: Key, isPrepared: Bool) {
        guard case .preparing(let name, _) = entries[key] else { return }
        entries[key] = isPrepared ? .ready(name) : nil
    }

    /// The server has deallocated the statement, or its plan no longer fits the tables.
    mutating func forget(_ key: Key) { entries[key] = nil }
}
