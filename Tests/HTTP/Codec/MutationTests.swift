import Testing

@testable import HTTP

/// Mutated inputs, the same at every run: nothing may trap, and however the input is cut, the outcome is
/// the same.
@Suite struct MutationTests {
    private static let tokens: [[UInt8]] = [
        "\r\n", "\n", "\r", "\0", " ", "\t", ":", "0\r\n\r\n", "Content-Length: 3\r\n",
        "Transfer-Encoding: chunked\r\n",
        "Host: x\r\n", "GET / HTTP/1.1\r\n", "%", "%2e", "/../", "?", "*", "HTTP/1.1", "ffffffff", ";", ",",
        "\u{80}",
    ].map { Array($0.utf8) }

    private static func mutate(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let at = Int.random(in: 0..<bytes.count, using: &generator)
            switch Int.random(in: 0..<6, using: &generator) {
            case 0: bytes[at] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[at] = UInt8.random(in: 0...255, using: &generator)
            case 2: bytes.remove(at: at)
            case 3: bytes.insert(contentsOf: tokens.randomElement(using: &generator) ?? [], at: at)
            case 4:
                bytes.removeSubrange(at..<min(bytes.count, at + Int.random(in: 0..<16, using: &generator)))
            default:
                let end = min(bytes.count, at + Int.random(in: 0..<64, using: &generator))
                bytes.insert(
                    contentsOf: bytes[at..<end], at: Int.random(in: 0..<bytes.count, using: &generator))
            }
        }
        return bytes
    }

    private static func cut(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [[UInt8]] {
        let a = Int.random(in: 0...bytes.count, using: &generator)
        let b = Int.random(in: a...bytes.count, using: &generator)
        return [Array(bytes[..<a]), Array(bytes[a..<b]), Array(bytes[b...])]
    }

    @Test func requests() {
        var generator = SeededGenerator(seed: 9112)
        let seeds = SegmentationTests.inputs.map { Array($0.utf8) }
        for _ in 0..<3000 {
            guard let seed = seeds.randomElement(using: &generator) else { return }
            // The end gives every line that was left open its outcome.
            let bytes = Self.mutate(seed, &generator) + Array("\r\n\n\r\n".utf8)
            let whole = Decoding.requests([bytes])
            #expect(Decoding.requests(Self.cut(bytes, &generator)) == whole)
        }
    }

    @Test func responses() {
        var generator = SeededGenerator(seed: 9110)
        let seed = Array("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nA: b\r\n\r\nhello".utf8)
        for _ in 0..<2000 {
            let bytes = Self.mutate(seed, &generator)
            var parser = HTTPResponseParser()
            _ = try? parser.next(bytes.span, limits: HTTPHeadLimits(), answering: .get)
        }
    }

    @Test func frames() {
        var generator = SeededGenerator(seed: 6455)
        let seed =
            FrameDecoderTests.frame(.text, "grüß", isFinal: false) + FrameDecoderTests.frame(.ping, "p")
            + FrameDecoderTests.frame(.continuation, "€", mask: 0xa1b2_c3d4)
            + FrameDecoderTests.frame(.binary, "xyz")
            + FrameDecoderTests.frame(.close, "\u{03}\u{e8}")
        for _ in 0..<3000 {
            let bytes = Self.mutate(seed, &generator)
            let whole = FrameDecoderTests.events([bytes], limit: 4096)
            #expect(FrameDecoderTests.events(Self.cut(bytes, &generator), limit: 4096) == whole)
        }
    }
}
