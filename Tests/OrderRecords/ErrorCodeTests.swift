import Testing

@testable import OrderRecords
@testable import Postgres

/// Which errors of the server end an order's message, and which make all orders wait.
@Suite struct ErrorCodeTests {
    @Test(
        arguments: [
            // The order's own data.
            ("22003", .refused), ("22P02", .refused), ("23505", .refused), ("23514", .refused),
            ("23503", .refused),
            ("44000", .refused), ("21000", .refused), ("23502", .unknownProduct),
            // Locks and time limits, which an administrator may set.
            ("40001", .contended), ("40P01", .contended), ("55P03", .contended), ("57014", .contended),
            // The server, its schema, its disk, the role.
            ("08006", .unavailable), ("0A000", .unavailable), ("25006", .unavailable),
            ("26000", .unavailable),
            ("28000", .unavailable),
            ("3D000", .unavailable), ("42P01", .unavailable), ("42501", .unavailable),
            ("53100", .unavailable),
            ("53200", .unavailable), ("53300", .unavailable), ("55006", .unavailable),
            ("57P01", .unavailable),
            ("57P03", .unavailable), ("58030", .unavailable), ("F0000", .unavailable),
            ("XX001", .unavailable),
            ("XX002", .unavailable),
            // Neither is certain: it is tried again before the order is given up.
            ("XX000", .failed), ("54000", .failed), ("P0001", .failed),
            ("39000", .failed),
            ("99999", .failed),
        ] as [(String, OrderRecordsError.Code)])
    func aStateHasACode(state: String, code: OrderRecordsError.Code) {
        let report = PostgresDiagnostics(severity: "ERROR", sqlState: PostgresSQLState(state), message: "")
        #expect(OrderRecordsError(PostgresError(.server, "refused", report: report)).code == code)
    }
}
