internal import CPostgreSQL

/// Where libpq's notice callback leaves what it got, until the connection's next turn takes it.
final class NoticeBuffer {
    private static let limit = 64
    private var reports: [PostgresDiagnostics] = []

    func append(_ report: PostgresDiagnostics) {
        if reports.count < Self.limit { reports.append(report) }
    }

    var isEmpty: Bool { reports.isEmpty }

    func take() -> [PostgresDiagnostics] {
        defer { reports = [] }
        return reports
    }

    /// The box must outlive the connection; `ConnectionHandle` holds both.
    func install(on connection: OpaquePointer) {
        unsafe PQsetNoticeReceiver(
            connection,
            { box, result in
                guard let box = unsafe box, let result = unsafe result else { return }
                unsafe Unmanaged<NoticeBuffer>.fromOpaque(box).takeUnretainedValue()
                    .append(PostgresDiagnostics(reading: result))
            }, Unmanaged.passUnretained(self).toOpaque())
    }
}
