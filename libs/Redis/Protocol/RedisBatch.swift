/// Commands encoded as RESP arrays of bulk strings, sent together.
///
/// hiredis' own formatter allocates once per command and takes C strings; this one appends to a single
/// buffer, which a connection reuses for the next batch.
package struct RedisBatch: Sendable {
    /// The encoded commands.
    package private(set) var bytes: [UInt8] = []
    /// Number of commands, and so of replies.
    package private(set) var count = 0
    private var missing = 0

    package init() {}

    package var isEmpty: Bool { count == 0 }

    /// Whether each command got as many arguments as announced.
    package var isComplete: Bool { missing == 0 }

    package mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
        missing = 0
    }

    /// Starts a command of `arguments` parts, its name included; each is added by `append`.
    package mutating func begin(_ arguments: Int) {
        precondition(missing == 0 && arguments > 0, "the previous command lacks arguments")
        bytes.append(UInt8(ascii: "*"))
        writeLine(arguments)
        count += 1
        missing = arguments
    }

    package mutating func append(_ text: String) {
        header(text.utf8.count)
        bytes.append(contentsOf: text.utf8)
        finish()
    }

    package mutating func append(_ text: StaticString) {
        header(text.utf8CodeUnitCount)
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
        finish()
    }

    package mutating func append(_ data: [UInt8]) {
        header(data.count)
        bytes.append(contentsOf: data)
        finish()
    }

    /// Appends a command that another batch has encoded.
    mutating func append(command: ArraySlice<UInt8>) {
        precondition(missing == 0, "the previous command lacks arguments")
        bytes.append(contentsOf: command)
        count += 1
    }

    /// Two parts joined into one argument, such as a key's prefix and its id.
    package mutating func append(_ prefix: StaticString, _ rest: String) {
        header(prefix.utf8CodeUnitCount + rest.utf8.count)
        unsafe bytes.append(
            contentsOf: UnsafeBufferPointer(start: prefix.utf8Start, count: prefix.utf8CodeUnitCount))
        bytes.append(contentsOf: rest.utf8)
        finish()
    }

    package mutating func append(_ number: Int) {
        header(Self.width(number))
        write(number)
        finish()
    }

    private mutating func header(_ length: Int) {
        precondition(missing > 0, "more arguments than announced")
        missing -= 1
        bytes.append(UInt8(ascii: "$"))
        writeLine(length)
    }

    private mutating func writeLine(_ number: Int) {
        write(number)
        finish()
    }

    private mutating func finish() {
        bytes.append(13)
        bytes.append(10)
    }

    private static func width(_ number: Int) -> Int {
        var width = number < 0 ? 2 : 1
        var rest = number.magnitude
        while rest >= 10 {
            rest /= 10
            width += 1
        }
        return width
    }

    private mutating func write(_ number: Int) {
        if number >= 0 && number < 10 { return bytes.append(48 + UInt8(number)) }
        let width = Self.width(number)
        let start = bytes.count
        bytes.append(contentsOf: repeatElement(UInt8(ascii: "-"), count: width))
        var rest = number.magnitude
        var index = start + width
        repeat {
            index -= 1
            bytes[index] = 48 + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        } while rest > 0
    }
}
