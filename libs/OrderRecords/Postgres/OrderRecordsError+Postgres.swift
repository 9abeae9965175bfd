internal import Postgres

extension OrderRecordsError {
    init(_ error: PostgresError) {
        self.init(Self.code(error), error.description)
    }

    /// By SQLSTATE (PostgreSQL manual, appendix A). What may be due to one order is refused, also when it is not known what it
    /// means: its message is dead-lettered, and the others go on.
    private static func code(_ error: PostgresError) -> Code {
        switch error.code {
        case .invalidParameter: return .refused
        case .server: break
        default: return .unavailable
        }
        guard let state = error.sqlState else { return .unavailable }
        if state.isSerializationConflict || state == .lockNotAvailable || state == .queryCanceled {
            return .contended
        }
        // Only a product's name can be missing (`OrderStoreStatements.insertOrders`).
        if state == .notNullViolation { return .unknownProduct }
        return state.isTransient || Self.isOfServer(state.code) ? .unavailable : .refused
    }

    /// Whether every order would meet the same: the server, the schema or the role is not as it should be.
    private static func isOfServer(_ state: String) -> Bool {
        // Connection, transaction, session, names and privileges, resources, object state, operator, system, corrupted data.
        let classes = [
            "08", "25", "26", "28", "3D", "3F", "42", "53", "55", "57", "58", "F0", "XX001", "XX002",
        ]
        return classes.contains { state.hasPrefix($0) }
    }
}
