import JSON
import TestSupport

/// Generates random documents, reproducibly by seed.
struct DocumentGenerator {
    var random: SeededGenerator
    static let alphabet = Array("{}[]:,\"\\ \n019-+.eEtfnurldx/bD8C\u{E9}".utf8)

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    mutating func value(depth: Int = 0) -> JSONValue {
        switch Int.random(in: 0..<(depth < 5 ? 8 : 5), using: &random) {
        case 0: return .null
        case 1: return .bool(Bool.random(using: &random))
        case 2, 3: return .string(string())
        case 4: return .number(number())
        case 5, 6:
            let count = Int.random(in: 0..<5, using: &random)
            return .object((0..<count).map { JSONValue.Member("\($0)" + string(), value(depth: depth + 1)) })
        default:
            return .array((0..<Int.random(in: 0..<5, using: &random)).map { _ in value(depth: depth + 1) })
        }
    }

    mutating func string() -> String {
        var text = ""
        for _ in 0..<Int.random(in: 0..<20, using: &random) {
            let scalar: UInt32 =
                switch Int.random(in: 0..<10, using: &random) {
                case 0: .random(in: 0..<0x20, using: &random)
                case 1: .random(in: 0x80..<0xD800, using: &random)
                case 2: .random(in: 0x10000...0x10FFFF, using: &random)
                default: .random(in: 0x20..<0x80, using: &random)
                }
            text.unicodeScalars.append(Unicode.Scalar(scalar) ?? "?")
        }
        return text
    }

    mutating func number() -> String {
        switch Int.random(in: 0..<4, using: &random) {
        case 0: "\(Int.random(in: -1000...1000, using: &random))"
        case 1: "\(Int64.random(in: .min ... .max, using: &random))"
        case 2: "\(Double.random(in: -1e6...1e6, using: &random))"
        default:
            "\(Int.random(in: -99...99, using: &random)).\(Int.random(in: 0...9999, using: &random))e\(Int.random(in: -30...30, using: &random))"
        }
    }

    /// The document with random whitespace between its tokens.
    mutating func document(_ value: JSONValue) -> [UInt8] {
        var output: [UInt8] = []
        var inString = false
        var isEscaped = false
        for byte in value.encode() {
            output.append(byte)
            if inString {
                if byte == UInt8(ascii: "\""), !isEscaped { inString = false }
                isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
            } else if byte == UInt8(ascii: "\"") {
                inString = true
            } else if "{}[]:,".utf8.contains(byte), Bool.random(using: &random) {
                output += [[0x20], [0x09], [0x0D, 0x0A]].randomElement(using: &random) ?? []
            }
        }
        return output
    }
}
