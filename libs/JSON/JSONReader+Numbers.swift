extension JSONReader {
    /// An integer written without fraction or exponent, within `Int`.
    package mutating func int() throws(JSONError) -> Int {
        skipWhitespace()
        var index = position
        let isNegative = index < bytes.count && bytes[index] == UInt8(ascii: "-")
        if isNegative { index &+= 1 }
        let first = index
        var value = 0
        var overflow = false
        while index < bytes.count, case let digit = bytes[index] &- UInt8(ascii: "0"), digit < 10 {
            let (shifted, shiftOverflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, sumOverflow) = shifted.subtractingReportingOverflow(Int(digit))
            overflow = overflow || shiftOverflow || sumOverflow
            value = sum
            index &+= 1
        }
        // `value` accumulates negatively, because `-Int.min` overflows.
        let continues =
            index < bytes.count
            && (bytes[index] == UInt8(ascii: ".") || bytes[index] | 0x20 == UInt8(ascii: "e"))
        let leadsWithZero = index &- first > 1 && bytes[first] == UInt8(ascii: "0")
        if index == first || continues || leadsWithZero {
            // Throws for invalid syntax; a valid number that is no integer is reported below.
            guard try peek() == .number else { throw JSONError(.wrongKind, at: position, expected: .number) }
            _ = try scanNumber()
            throw JSONError(.notAnInteger, at: position)
        }
        guard !overflow, isNegative || value != .min else { throw JSONError(.outOfRange, at: position) }
        position = index
        return isNegative ? value : 0 &- value
    }

    /// An integer within `type`.
    package mutating func integer<Integer: FixedWidthInteger>(
        as type: Integer.Type = Integer.self
    ) throws(JSONError) -> Integer {
        let start = position
        let value = try int()
        guard let integer = Integer(exactly: value) else {
            position = start
            skipWhitespace()
            throw JSONError(.outOfRange, at: position)
        }
        return integer
    }

    /// The integer, or `nil` (with the value skipped) when the next value is anything but an integer within `Int`.
    package mutating func intOrNil() throws(JSONError) -> Int? {
        do {
            return try int()
        } catch {
            guard error.code == .wrongKind || error.code == .notAnInteger || error.code == .outOfRange else {
                throw error
            }
            try skip()
            return nil
        }
    }

    /// An exact decimal number; `outOfRange` when its significant digits exceed `Int64`.
    package mutating func decimal() throws(JSONError) -> JSONDecimal {
        let text = try number()
        guard let decimal = JSONDecimal(validated: text.content) else {
            position &-= text.content.count
            throw JSONError(.outOfRange, at: position)
        }
        return decimal
    }

    /// ``decimal()``, or `nil` (with the number skipped) when its significant digits exceed `Int64`.
    package mutating func decimalOrNil() throws(JSONError) -> JSONDecimal? {
        let text = try number()
        return JSONDecimal(validated: text.content)
    }

    /// The nearest double; `outOfRange` when that is not finite.
    package mutating func double() throws(JSONError) -> Double {
        let text = try number()
        guard let value = Double(text.string), value.isFinite else {
            position &-= text.content.count
            throw JSONError(.outOfRange, at: position)
        }
        return value
    }

    /// The text of any number.
    @_lifetime(copy self)
    package mutating func number() throws(JSONError) -> JSONText {
        guard try peek() == .number else { throw JSONError(.wrongKind, at: position, expected: .number) }
        let start = position
        let end = try scanNumber()
        position = end
        return JSONText(bytes.extracting(start..<end), isEscaped: false)
    }

    /// Checks the number at `position` against the grammar of section 6; returns the offset after it.
    private func scanNumber() throws(JSONError) -> Int {
        var index = position
        if bytes[index] == UInt8(ascii: "-") { index &+= 1 }
        let first = index
        index = try digits(from: index)
        guard index &- first == 1 || bytes[first] != UInt8(ascii: "0") else {
            throw JSONError(.invalidNumber, at: first)
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") { index = try digits(from: index &+ 1) }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index &+= 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index &+= 1
            }
            index = try digits(from: index)
        }
        return index
    }

    private func digits(from start: Int) throws(JSONError) -> Int {
        var index = start
        while index < bytes.count, bytes[index] &- UInt8(ascii: "0") < 10 { index &+= 1 }
        guard index > start else {
            throw JSONError(index < bytes.count ? .invalidNumber : .unexpectedEnd, at: index)
        }
        return index
    }
}
