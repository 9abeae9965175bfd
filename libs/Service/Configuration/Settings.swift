internal import Bytes

/// The values of a service's keys, read and validated before anything starts.
package struct Settings: Sendable {
    private var values: [ByteString: any Sendable] = [:]
    /// Problems that do not prevent the start.
    package private(set) var warnings: [String] = []

    /// A key's value. The key must be among those that were read.
    package subscript<Value>(key: SettingKey<Value>) -> Value {
        guard let value = value(key) else {
            preconditionFailure("\(key.specification.name) is not among the keys of this service")
        }
        return value
    }

    /// A key's value, or nil when it is invalid: for rules, which run before the settings are validated.
    package func value<Value>(_ key: SettingKey<Value>) -> Value? {
        // Unwrapped first: nil can be cast to a value that is optional.
        guard let value = values[ByteString(key.specification.name)] else { return nil }
        return value as? Value
    }

    /// Reads every key and checks every rule; throws all errors at once.
    package init(
        _ environment: Environment, keys: [any AnySettingKey], rules: [SettingsRule] = []
    ) throws(ConfigurationError) {
        var faults: [ConfigurationError.Fault] = []
        for key in keys {
            let specification = key.specification
            switch environment.text(of: specification).flatMap(key.resolve) {
            case .success(let value): values[ByteString(specification.name)] = value
            case .failure(let fault): faults.append(.init(key: specification.name, fault: fault))
            }
        }
        for rule in rules {
            if let fault = rule.check(self) { faults.append(.init(key: rule.key, fault: fault)) }
        }
        warnings = UnknownSettings.warnings(environment.names, keys.map(\.specification))
        guard faults.isEmpty else { throw ConfigurationError(faults: faults, warnings: warnings) }
    }
}

/// A condition on several keys, reported for one of them.
package struct SettingsRule: Sendable {
    let key: String
    let check: @Sendable (Settings) -> SettingError?

    package init(at key: some AnySettingKey, _ check: @escaping @Sendable (Settings) -> SettingError?) {
        self.key = key.specification.name
        self.check = check
    }
}

/// All errors of the configuration.
package struct ConfigurationError: Error, Sendable, CustomStringConvertible {
    package let faults: [Fault]
    package let warnings: [String]

    package struct Fault: Sendable, Equatable, CustomStringConvertible {
        package let key: String
        package let fault: SettingError

        package var description: String { "\(key) \(fault.problem); write \(fault.remedy)" }
    }

    /// One line per error.
    package var description: String {
        faults.map(\.description).joined(separator: "\n")
    }
}
