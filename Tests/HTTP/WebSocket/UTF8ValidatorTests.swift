import Testing

@testable import HTTP

@Suite("RFC 3629") struct UTF8ValidatorTests {
    private func isValid(_ bytes: [UInt8]) -> Bool {
        var validator = WebSocketUTF8Validator()
        return validator.accepts(bytes.span) && validator.isAtBoundary
    }

    private func feed(_ pieces: [[UInt8]]) -> (accepted: Bool, isAtBoundary: Bool) {
        var validator = WebSocketUTF8Validator()
        let accepted = pieces.allSatisfy { validator.accepts($0.span) }
        return (accepted, validator.isAtBoundary)
    }

    @Test func matchesTheStandardLibrary() {
        var sequences = (0...255).flatMap { first in (0...255).map { [UInt8(first), UInt8($0)] } }
        for first: UInt8 in 0xC0...0xFF {
            for second: UInt8 in [0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0] {
                for third: UInt8 in [0x7F, 0x80, 0xBF, 0xC0] {
                    sequences += [
                        [first, second, third], [first, second, third, 0x80],
                        [first, second, third, 0xBF, 0x61],
                    ]
                }
            }
        }
        let wrong = sequences.filter { isValid($0) != (String(validating: $0, as: UTF8.self) != nil) }
        #expect(wrong.isEmpty)
    }

    @Test func refusesAtTheFirstImpossibleByte() {
        #expect(feed([[0xED]]) == (true, false))
        #expect(feed([[0xED], [0xA0]]).accepted == false)
    }

    @Test func continuesAcrossChunks() {
        let bytes = Array("aaaaaaaaaaaaaaaa grüß 𝄞 €".utf8)
        for cut in 0...bytes.count {
            #expect(feed([Array(bytes[..<cut]), Array(bytes[cut...])]) == (true, true))
        }
    }
}
