/// A value that must not reach a log, an error text or a debugger's dump: whatever prints it prints
/// `<redacted>`. The one way out is ``reveal()``, which is easy to find in a review.
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
    package var description: String { Redaction.mark }
    package var debugDescription: String { Redaction.mark }
    package var customMirror: Mirror { Mirror(self, children: []) }
}
