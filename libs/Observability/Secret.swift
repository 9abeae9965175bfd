/// A value whose description, debug description and mirror are `<redacted>`, so that it does not reach logs or error
/// texts. ``reveal()`` is the only access, which a review finds easily.
package struct Secret<Value: Sendable>: Sendable {
    private let value: Value

    package init(_ value: Value) {
        self.value = value
    }

    package func reveal() -> Value {
        value
    }
}

extension Secret: Equatable where Value: Equatable {}

extension Secret: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    package var description: String { Redaction.placeholder }
    package var debugDescription: String { Redaction.placeholder }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
