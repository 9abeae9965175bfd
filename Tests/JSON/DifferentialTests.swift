import Foundation
import JSON
import TestSupport
import Testing

/// Compares with Foundation's parser: the same documents are accepted, with the same values.
struct DifferentialTests {
    @Test func parsesValidDocumentsAsFoundationDoes() throws {
        var generator = DocumentGenerator(seed: 8259)
        for _ in 0..<1_000 {
            let value = generator.value()
            let document = generator.document(value)
            #expect(try JSONValue(parsing: document.span) == value)
            let reference = try JSONSerialization.jsonObject(with: Data(document), options: .fragmentsAllowed)
            #expect(Self.isEqual(value, reference), "\(String(decoding: document, as: UTF8.self))")
        }
    }

    @Test func acceptsMutatedDocumentsAsFoundationDoes() {
        var generator = DocumentGenerator(seed: 7159)
        var accepted = 0
        for _ in 0..<3_000 {
            let document = generator.random.mutate(
                generator.document(generator.value()), alphabet: DocumentGenerator.alphabet)
            let parsed = try? JSONValue(parsing: document.span)
            let reference = try? JSONSerialization.jsonObject(
                with: Data(document), options: .fragmentsAllowed)
            if let parsed {
                accepted += 1
                #expect(
                    reference.map { Self.isEqual(parsed, $0) } ?? Self.isRejectedByFoundation(parsed),
                    "\(document)")
            } else if reference != nil {
                let code = ErrorCode.thrown { () throws(JSONError) in
                    _ = try JSONValue(parsing: document.span)
                }
                #expect(
                    Self.isAcceptedByFoundation(code, document),
                    "\(code!) \(String(decoding: document, as: UTF8.self))")
            }
        }
        #expect(accepted > 100)
    }

    /// Foundation rejects numbers outside a double's range; this parser checks the range when a typed value is read.
    private static func isRejectedByFoundation(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let text): Double(text)?.isFinite != true
        case .array(let elements): elements.contains(where: isRejectedByFoundation)
        case .object(let members): members.contains { isRejectedByFoundation($0.value) }
        default: false
        }
    }

    /// Foundation accepts duplicate members and detects other encodings by zero bytes and byte order marks.
    private static func isAcceptedByFoundation(_ code: JSONError.Code?, _ document: [UInt8]) -> Bool {
        code == .duplicateKey || document.prefix(4).contains(0) || document.starts(with: [0xEF, 0xBB, 0xBF])
    }

    private static func isEqual(_ value: JSONValue, _ reference: Any) -> Bool {
        switch value {
        case .null: return reference is NSNull
        case .bool(let flag): return (reference as? NSNumber)?.boolValue == flag
        case .number(let text):
            guard let expected = Double(text), let number = reference as? NSNumber else { return false }
            return abs(number.doubleValue - expected) <= abs(expected) * 1e-15
        case .string(let text):
            return (reference as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
        case .array(let elements):
            guard let list = reference as? [Any], list.count == elements.count else { return false }
            return zip(elements, list).allSatisfy { isEqual($0, $1) }
        case .object(let members):
            guard let object = reference as? [String: Any] else { return false }
            return members.allSatisfy { member in
                object[member.key].map { isEqual(member.value, $0) } ?? false
            }
        }
    }
}
