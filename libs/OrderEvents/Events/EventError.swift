import JSON

/// Why a message's body is no event of its type. Always permanent: a redelivery fails again.
package struct EventError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// Not JSON, or not an object.
        case malformed
        case missingField
        case invalidField
    }

    package let code: Code
    /// Such as `items[0].quantity`; empty when the document is malformed.
    package let field: String
    /// The parser's error with its offset in bytes, without any of the document's content.
    package let detail: String

    init(_ error: JSONError) {
        switch error.code {
        case .missingKey: code = .missingField
        case .invalidValue, .wrongKind, .notAnInteger, .outOfRange, .tooLarge:
            code = error.path.isEmpty ? .malformed : .invalidField
        default: code = .malformed
        }
        // Malformed JSON may be inside unknown members, whose names come from the sender.
        field = code == .malformed ? "" : error.path
        detail = error.description
    }
}

extension EventError: CustomStringConvertible {
    /// Safe for `x-error` and logs.
    package var description: String {
        switch code {
        case .malformed: "The body is not a valid event: \(detail)."
        case .missingField: "\(field) is missing."
        case .invalidField: "\(field) is invalid: \(detail)."
        }
    }
}
