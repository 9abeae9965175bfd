import Identity
import Observability
import Postgres
import Service

/// The settings of order-accept, beside those of every service.
enum AcceptKeys {
    static let database = SettingKey.connection(
        "DATABASE_URL", .postgresql,
        "The system of record; the role `waybill_reader`, which writes through a few functions alone, is enough."
    )

    /// Counts against one bucket: placing, cancelling and deleting orders.
    static let rate = SettingKey.integer(
        "RATE_LIMIT", in: 0...100_000, default: 100,
        "Changes that a user may make a second in the long run; 0 for no limit.")

    static let burst = SettingKey.integer(
        "RATE_BURST", in: 1...1_000_000, default: 200, "Changes that a user may make at once.")

    static let readRate = SettingKey.integer(
        "READ_RATE_LIMIT", in: 0...100_000, default: 500,
        "Queries of orders that a user may make a second in the long run; 0 for no limit.")

    static let readBurst = SettingKey.integer(
        "READ_RATE_BURST", in: 1...1_000_000, default: 2000, "Queries of orders that a user may make at once."
    )

    static let hedgeDelay = SettingKey.integer(
        "HEDGE_DELAY_MS", in: 10...1_000, default: 150,
        "Milliseconds for which Redis and RabbitMQ are waited for before PostgreSQL takes an order.")

    static let all =
        ServerKeys.all + TokenSettings.all
        + [database, ServiceKeys.origins, rate, burst, readRate, readBurst, hedgeDelay]
}

extension PostgresConfiguration {
    init(_ url: ConnectionURL, name: String) {
        self.init(
            endpoints: url.endpoints, user: url.user ?? "waybill_reader",
            password: url.password?.reveal(), database: url.path)
        applicationName = name
        connectTimeout = .seconds(2)
        queryTimeout = .milliseconds(1500)
        statementTimeout = .seconds(2)
        options = url.query
    }
}
