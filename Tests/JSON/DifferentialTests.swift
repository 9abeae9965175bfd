import Foundation
import JSON
import TestSupport
import Testing

/// Foundation's parser as the judge: the same documents accepted, the same values read.
struct DifferentialTests {
    @Test func agreesOnGoodDocuments() throws {
        var generator = DocumentGenerator(seed: 8259)
        for _ in 0..<1_000 {
            let value = generator.value()
            let document = generator.document(value)
            #expect(try JSONValue(parsing: document.span) == value)
            let judged = try JSONSerialization.jsonObject(with: Data(document), options: .fragmentsAllowed)
            #expect(Self.same(value, judged), "\(String(decoding: document, as: UTF8.self))")
        }
    }

    @Test func agreesOnMutatedDocuments() {
        var generator = DocumentGenerator(seed: 7159)
        var accepted = 0
        for _ in 0..<3_000 {
            let document = generator.random.mutate(
                generator.document(generator.value()), alphabet: DocumentGenerator.alphabet)
            let ours = try? JSONValue(parsing: document.span)
            let judged = try? JSONSerialization.jsonObject(with: Data(document), options: .fragmentsAllowed)
            if let ours {
                accepted += 1
                #expect(judged.map { Self.same(ours, $0) } ?? Self.foundationIsStricter(ours), "\(document)")
            } else if judged != nil {
                let code = Reading.code { () throws(JSONError) in _ = try JSONValue(parsing: document.span) }
                #expect(
                    Self.foundationIsLaxer(code, document),
                    "\(code!) \(String(decoding: document, as: UTF8.self))")
            }
        }
        #expect(accepted > 100)
    }

    /// Foundation refuses numbers beyond a double; section 6 leaves range to the reader, ours to the typed read.
    private static func foundationIsStricter(_ value: JSONValue) -> Bool {
        switch value {
        case .number(let text): Double(text)?.isFinite != true
        case .array(let elements): elements.contains(where: foundationIsStricter)
        case .object(let members): members.contains { foundationIsStricter($0.value) }
        default: false
        }
    }

    /// Foundation lets members repeat and guesses other encodings from zero bytes and byte order marks.
    private static func foundationIsLaxer(_ code: JSONError.Code?, _ document: [UInt8]) -> Bool {
        code == .duplicateKey || document.prefix(4).contains(0) || document.starts(with: [0xEF, 0xBB, 0xBF])
    }

    private static func same(_ value: JSONValue, _ judged: Any) -> Bool {
        switch value {
        case .null: return judged is NSNull
        case .bool(let flag): return (judged as? NSNumber)?.boolValue == flag
        case .number(let text):
            guard let wanted = Double(text), let number = judged as? NSNumber else { return false }
            return abs(number.doubleValue - wanted) <= abs(wanted) * 1e-15
        case .string(let text): return (judged as? String).map { Array($0.utf8) == Array(text.utf8) } ?? false
        case .array(let elements):
            guard let list = judged as? [Any], list.count == elements.count else { return false }
            return zip(elements, list).allSatisfy { same($0, $1) }
        case .object(let members):
            guard let object = judged as? [String: Any] else { return false }
            return members.allSatisfy { member in object[member.key].map { same(member.value, $0) } ?? false }
        }
    }
}
