/// One environment variable of a service: its name, type, default and secrecy in one place.
///
/// Keys are declared once as constants, with a doc comment, by the factories of `SettingKey+Types.swift`:
/// ```swift
/// static let workflowTTL = SettingKey.duration("WORKFLOW_TTL", in: .seconds(60)..., default: .seconds(2700),
/// "…")
/// ```
package struct SettingKey<Value: Sendable>: Sendable {
    package let specification: SettingSpecification
    /// Parses the variable's text, or handles its absence.
    let read: @Sendable (String?) -> Result<Value, SettingError>
}

/// A key's properties without its type.
package struct SettingSpecification: Sendable, Equatable {
    package let name: String
    /// The expected value as text: `integer 1…1000`.
    package let kind: String
    /// The value when the variable is not set; nil when it is required.
    package let fallback: String?
    package var isRequired: Bool
    /// Secrets are never printed, and may come from a file named by `NAME_FILE`.
    package let isSecret: Bool
    package let summary: String
}

/// Why a text is not a valid value, and what to write instead.
package struct SettingError: Error, Sendable, Equatable {
    package let problem: String
    package let remedy: String

    package init(_ problem: String, write remedy: String) {
        self.problem = problem
        self.remedy = remedy
    }
}

/// A ``SettingKey`` of any type.
package protocol AnySettingKey: Sendable {
    var specification: SettingSpecification { get }
    func resolve(_ text: String?) -> Result<any Sendable, SettingError>
}

extension SettingKey: AnySettingKey {
    package func resolve(_ text: String?) -> Result<any Sendable, SettingError> {
        read(text).map { $0 }
    }

    /// A key whose value `parse` makes from text; nil for an invalid one.
    ///
    /// `kind` completes "write …" in an error message.
    package init(
        _ name: String, kind: String, default fallback: (text: String, value: Value)? = nil,
        isSecret: Bool = false, _ summary: String,
        parse: @escaping @Sendable (String) -> Result<Value, SettingError>
    ) {
        specification = SettingSpecification(
            name: name, kind: kind, fallback: fallback?.text, isRequired: fallback == nil, isSecret: isSecret,
            summary: summary)
        read = { text in
            guard let text else {
                return fallback.map { .success($0.value) }
                    ?? .failure(SettingError("is not set", write: kind))
            }
            return parse(text)
        }
    }

    /// The same key with nil when not set.
    package var optional: SettingKey<Value?> {
        var specification = specification
        specification.isRequired = false
        return SettingKey<Value?>(specification: specification) { [read] text in
            text == nil ? .success(nil) : read(text).map { $0 }
        }
    }
}
