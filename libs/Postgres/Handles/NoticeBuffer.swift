internal import CPostgreSQL

/// Buffers what libpq's notice callback receives until the connection processes it.
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

    /// The box must outlive the connection; `PostgresConnectionHandle` owns both.
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
