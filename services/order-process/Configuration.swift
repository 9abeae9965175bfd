import Observability
import OrderRecords
import Postgres
import Service

/// The settings of order-process, beside those of every service.
enum ProcessKeys {
    static let database = SettingKey.connection(
        "DATABASE_URL", .postgresql, "The system of record; the role `waybill`, which owns the schema.")

    static let notifyProcessing = SettingKey.flag(
        "NOTIFY_PROCESSING", default: true, "Whether sessions are sent PROCESSING updates.")

    static let eventRetention = SettingKey.integer(
        "EVENT_RETENTION_MONTHS", in: 0...1_200, default: 24,
        "Months of the event log that are kept beside the current one; 0 keeps all.")

    static let all = ServerKeys.all + [database, notifyProcessing, eventRetention]
}

extension PostgresConfiguration {
    init(_ url: ConnectionURL, name: String) {
        self.init(
            endpoints: url.endpoints, user: url.user ?? "waybill", password: url.password?.reveal(),
            database: url.path)
        applicationName = name
        options = url.query
        self = OrderDatabase.prepare(self)
    }
}
