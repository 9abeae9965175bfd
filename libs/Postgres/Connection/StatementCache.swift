/// Which statements a session has prepared, and under which names. A name is a hash of the statement: behind a pooler that
/// lends a server's session to another client after each transaction (PgBouncer), one name is one statement for all.
///
/// A statement counts as prepared once the server has confirmed it. Until then only the request that prepares
/// it may execute it, since it fails with that request.
struct StatementCache {
    struct Key: Hashable {
        let statement: PostgresStatement
        /// The same SQL with other parameter types is another statement.
        let types: [PostgresTypeID]

        /// 128 bits: two runs of FNV-1a.
        var name: String {
            let bytes = Array(statement.sql.utf8) + types.flatMap { "\($0.rawValue),".utf8 }
            let halves = [0xcbf2_9ce4_8422_2325, 0x6c62_272e_07bb_0142].map { (basis: UInt64) in
                bytes.reduce(basis) { ($0 ^ UInt64($1)) &* 0x0000_0100_0000_01b3 }
            }
            return "waybill_" + halves.map { String($0, radix: 36) }.joined(separator: "_")
        }
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
    /// How often a statement's plan did not fit any more: the old one keeps its name on the server.
    private var replaced: [Key: Int] = [:]

    /// - Parameter limit: statements that are cached; later ones are parsed at each use.
    init(limit: Int = 256) { self.limit = limit }

    mutating func plan(_ key: Key, request: Int) -> Plan {
        guard key.statement.isReused else { return .unnamed }
        switch entries[key] {
        case .ready(let name): return .prepared(name)
        case .preparing(let name, let owner): return owner == request ? .prepared(name) : .unnamed
        case nil:
            guard entries.count < limit else { return .unnamed }
            let name = key.name + (replaced[key].map { "_\($0)" } ?? "")
            entries[key] = .preparing(name, request: request)
            return .prepare(name)
        }
    }

    /// The server's result of a prepare.
    mutating func settle(_ key: Key, isPrepared: Bool) {
        guard case .preparing(let name, _) = entries[key] else { return }
        entries[key] = isPrepared ? .ready(name) : nil
    }

    /// The server does not have the statement.
    mutating func forget(_ key: Key) { entries[key] = nil }

    /// The statement's plan no longer fits the tables.
    mutating func replace(_ key: Key) {
        guard case .ready = entries[key] else { return }
        entries[key] = nil
        replaced[key, default: 0] += 1
    }
}
