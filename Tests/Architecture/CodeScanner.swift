/// Blanks comments and string literals with their interpolations, so that words in them do not count as code.
struct CodeScanner {
    private let source: [UInt8]
    private var output: [UInt8]
    private var index = 0

    static func codeOnly(of source: [UInt8]) -> [UInt8] {
        var scanner = CodeScanner(source: source, output: [])
        scanner.output.reserveCapacity(source.count)
        while scanner.index < source.count { scanner.step() }
        return scanner.output
    }

    private mutating func step() {
        let byte = source[index]
        guard byte == UInt8(ascii: "/") || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "#") else {
            output.append(byte)
            index += 1
            return
        }
        if starts("//") {
            while index < source.count, source[index] != UInt8(ascii: "\n") { index += 1 }
        } else if starts("/*") {
            skipBlockComment()
        } else if byte != UInt8(ascii: "/") {
            skipString()
        } else {
            output.append(byte)
            index += 1
        }
    }

    private mutating func skipBlockComment() {
        var depth = 0
        repeat {
            if starts("/*") {
                depth += 1
                index += 2
            } else if starts("*/") {
                depth -= 1
                index += 2
            } else {
                keepNewline()
                index += 1
            }
        } while depth > 0 && index < source.count
    }

    /// From `"`, `"""` or any number of `#` before them; a lone `#` (as in `#if`) is code.
    private mutating func skipString() {
        var hashes = 0
        while index + hashes < source.count, source[index + hashes] == UInt8(ascii: "#") { hashes += 1 }
        guard index + hashes < source.count, source[index + hashes] == UInt8(ascii: "\"") else {
            output.append(contentsOf: source[index..<index + hashes])
            index += hashes
            return
        }
        index += hashes
        let quote = starts("\"\"\"") ? "\"\"\"" : "\""
        let fence = String(repeating: "#", count: hashes)
        index += quote.utf8.count
        while index < source.count, !starts(quote + fence) {
            if starts("\\" + fence) {
                index += 1 + hashes
                if index < source.count, source[index] == UInt8(ascii: "(") {
                    skipInterpolation()
                    continue
                }
            }
            guard index < source.count else { return }
            keepNewline()
            index += 1
        }
        index += quote.utf8.count + hashes
        output.append(contentsOf: "\"\"".utf8)
    }

    private mutating func skipInterpolation() {
        var depth = 0
        repeat {
            switch source[index] {
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"): depth -= 1
            case UInt8(ascii: "\""):
                let length = output.count
                skipString()
                output.removeSubrange(length...)
                continue
            default: break
            }
            index += 1
        } while depth > 0 && index < source.count
    }

    private mutating func keepNewline() {
        if source[index] == UInt8(ascii: "\n") { output.append(source[index]) }
    }

    private func starts(_ text: String) -> Bool {
        var position = index
        for byte in text.utf8 {
            guard position < source.count, source[position] == byte else { return false }
            position += 1
        }
        return true
    }
}
