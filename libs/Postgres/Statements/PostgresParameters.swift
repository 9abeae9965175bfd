internal import Glibc

/// The encoded parameters of one statement, in order, in one buffer.
package struct PostgresParameters: Sendable {
    struct Slot {
        let offset: Int
        /// Nil for NULL.
        let length: Int?
        let format: PostgresFormat
    }

    private(set) var bytes: [UInt8] = []
    private(set) var slots: [Slot] = []
    private(set) var types: [PostgresTypeID] = []
    /// The number from 1 of the first parameter with a NUL character, which text cannot contain.
    private(set) var invalid: Int?

    package init() {}

    package init<each Value: PostgresEncodable>(_ value: repeat each Value) {
        repeat add(each value)
    }

    package var count: Int { slots.count }

    /// Appends the next parameter; nil is NULL, an array is one parameter.
    package mutating func add<Value: PostgresEncodable>(_ value: Value) {
        let start = bytes.count
        let isPresent = value.encode(into: &bytes)
        let length = bytes.count - start
        slots.append(Slot(offset: start, length: isPresent ? length : nil, format: Value.parameterFormat))
        types.append(Value.parameterType)
        guard Value.parameterFormat == .text else { return }
        // libpq reads text up to its terminator.
        let hasNUL = unsafe bytes.withUnsafeBytes { bytes in
            guard length > 0, let base = bytes.baseAddress else { return false }
            return unsafe memchr(base + start, 0, length) != nil
        }
        if hasNUL, invalid == nil { invalid = slots.count }
        bytes.append(0)
    }
}
