internal import JSON
internal import Observability

/// A run's report: a page with charts, or JSON.
struct LoadReport: Sendable {
    let plan: LoadPlan
    let record: LoadRecord
    let edge: String
    /// RFC 3339.
    let at: String

    var isClean: Bool { record.refusedCount == 0 && record.notifiedCount == record.acceptedCount }

    /// Without colons, which some file systems refuse.
    var fileName: String { "\(at.prefix(19).replacing(":", with: "-")).html" }

    var sentence: String {
        let missing = record.acceptedCount - record.notifiedCount
        return
            "\(record.orders.count) orders: \(record.acceptedCount) accepted, \(record.refusedCount) refused, "
            + "\(record.notifiedCount) notified as completed, \(missing) not."
    }

    func json(file: String) -> JSONValue {
        .object([
            .init("rate", .number(String(plan.rate))), .init("users", .number(String(plan.users))),
            .init("seconds", .number(String(plan.seconds))),
            .init("orders", .number(String(record.orders.count))),
            .init("accepted", .number(String(record.acceptedCount))),
            .init("refused", .number(String(record.refusedCount))),
            .init("notified", .number(String(record.notifiedCount))),
            .init("answerMs", Self.json(Percentiles(record.answered))),
            .init("updateMs", Self.json(Percentiles(record.notified))), .init("report", .string(file)),
        ])
    }

    private static func json(_ percentiles: Percentiles) -> JSONValue {
        guard let values = percentiles.values else { return .null }
        return .object(
            zip(Percentiles.shares, values).map {
                .init($0.name, .number(String(($1 * 1000).rounded() / 1000)))
            })
    }

    /// Creates the directory if it is missing.
    func write(to file: String) throws(CommandError) {
        let folder = file.lastIndex(of: "/").map { file[..<$0] } ?? "."
        guard SystemCalls.createFolder(String(folder)),
            SystemCalls.write(Array(LoadReportPage(self).html.utf8), toFile: file)
        else {
            throw CommandError(
                .failure, "the report could not be written to \(file)",
                remedy: "name another file: --out FILE")
        }
    }
}
