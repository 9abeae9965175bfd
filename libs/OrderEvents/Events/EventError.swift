import JSON

/// Why a message's body is no event of its type. Always permanent: the same bytes fail again.
package struct EventError: Error, Hashable, Sendable {
    package enum Code: String, Sendable {
        /// Not JSON, or not an object.
        case malformed
        case missingField
        case invalidField
    }

    package let code: Code
    /// Such as `items[0].quantity`; empty when the document itself is wrong.
    package let field: String
    /// The reader's word for it, with the offset in bytes. Nothing of the document's content.
    package let detail: String

    init(_ error: JSONError) {
        switch error.code {
        case .missingKey: code = .missingField
        case .invalidValue, .wrongKind, .notAnInteger, .outOfRange, .tooLarge:
            code = error.path.isEmpty ? .malformed : .invalidField
        default: code = .malformed
        }
        // Other errors may lie within members that only the sender knows.
        field = code == .malformed ? "" : error.path
        detail = error.description
    }
}

extension EventError: CustomStringConvertible {
    /// Fit for `x-error` and for logs.
    package var description: String {
        switch code {
        case .malformed: "The body is not a valid event: \(detail)."
        case .missingField: "\(field) is missing."
        case .invalidField: "\(field) is not acceptable: \(detail)."
        }
    }
}
