import Identity
import Service

/// The settings of the console, besides those of every service.
enum ConsoleKeys {
    static let database = SettingKey.connection(
        "DATABASE_URL", .postgresql,
        "The system of record; the role `waybill_operator`, which reads orders and their events, is enough.")
    static let targets = SettingKey.list(
        "TARGETS", of: "name=http://host:port", default: [],
        "The services that are watched; a name with several addresses stands for as many replicas.")
    static func replicas(_ targets: [String]) -> [(name: String, url: String)] {
        targets.map { target in
            let parts = target.split(separator: "=", maxSplits: 1).map(String.init)
            return (parts[0], parts.count == 2 ? parts[1] : parts[0])
        }
    }

    static let stack = SettingKey.string(
        "WAYBILL_STACK", kind: "path",
        "The stack.json of a development stack: its replicas can be stopped in the failover lab."
    ).optional

    /// For Redis, a user who may read `notify:replica*` suffices.
    static let all: [any AnySettingKey] =
        ServerKeys.ofRedis + [ServerKeys.rabbitMQ, database, ServiceKeys.origins, targets, stack]
        + TokenSettings.all

    static let rules =
        TokenSettings.rules + [
            SettingsRule(at: stack) { settings in
                guard settings.value(ServiceKeys.profile) == .production,
                    (settings.value(stack) ?? nil) != nil
                else { return nil }
                return SettingError("is for the development profile", write: "nothing")
            }
        ]
}
