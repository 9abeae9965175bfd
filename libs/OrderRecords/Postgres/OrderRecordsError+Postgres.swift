internal import Postgres

extension OrderRecordsError {
    init(_ error: PostgresError) {
        self.init(Self.code(error), error.description)
    }

    /// By class of SQLSTATE (PostgreSQL manual, appendix A): 22 is a data exception, 23 a constraint violation;
    /// conflicts and lock timeouts come from concurrent transactions. Everything else, including a missing table,
    /// counts as the server's state.
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
        if state.code == "23502" { return .unknownProduct }
        return state.code.hasPrefix("22") || state.code.hasPrefix("23") ? .refused : .unavailable
    }
}
