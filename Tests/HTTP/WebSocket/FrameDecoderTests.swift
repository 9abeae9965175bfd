import Testing

@testable import HTTP

@Suite("RFC 6455: frames") struct FrameDecoderTests {
    /// What the bytes come to when they arrive in `pieces`.
    static func events(
        _ pieces: [[UInt8]], role: WebSocketRole = .server, limit: Int = 1 << 16
    ) -> [String] {
        var decoder = WebSocketFrameDecoder(role: role)
        var log: [String] = []
        var buffer: [UInt8] = []
        do throws(WebSocketError) {
            for piece in pieces {
                buffer += piece
                var offset = 0
                var more = true
                while more {
                    var span = buffer.mutableSpan
                    let event = try decoder.next(&span, at: &offset, limit: limit)
                    more = event != nil
                    if let event, event != .fragment { log.append(describe(event, buffer)) }
                }
                buffer.removeFirst(offset)
            }
        } catch {
            log.append("failed \(error.code.rawValue)")
        }
        return log
    }

    private static func describe(_ event: WebSocketFrameDecoder.Frame, _ buffer: [UInt8])
        -> String
    {
        func text(_ payload: WebSocketFrameDecoder.Payload) -> String {
            switch payload {
            case .inPlace(let range): String(decoding: buffer[range], as: UTF8.self)
            case .assembled(let bytes): String(decoding: bytes, as: UTF8.self)
            }
        }
        return switch event {
        case .text(let payload): "text \(text(payload))"
        case .binary(let payload): "binary \(text(payload))"
        case .ping(let payload): "ping \(text(payload))"
        case .pong(let payload): "pong \(text(payload))"
        case .close(let code, let reason): "close \(code) \(reason)"
        case .fragment: "fragment"
        }
    }

    static func frame(
        _ opcode: WebSocketOpcode, _ text: String = "", isFinal: Bool = true, mask: UInt32? = 0x1234_5678
    ) -> [UInt8] {
        var out: [UInt8] = []
        WebSocketFrameEncoder.append(opcode, text.utf8.span, isFinal: isFinal, mask: mask, to: &out)
        return out
    }

    private static func close(_ code: UInt16, _ reason: String = "") -> [UInt8] {
        var out: [UInt8] = []
        let payload = [UInt8(code >> 8), UInt8(code & 255)] + reason.utf8
        WebSocketFrameEncoder.append(.close, payload.span, mask: 1, to: &out)
        return out
    }

    @Test("5.7: the examples of the document") func examples() {
        let masked: [UInt8] = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]
        #expect(Self.events([masked]) == ["text Hello"])
        let plain: [UInt8] = [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]
        #expect(Self.events([plain], role: .client) == ["text Hello"])
        #expect(WebSocketFrame(text: "Hello").bytes == plain)
        #expect(
            Self.events([[0x01, 0x03, 0x48, 0x65, 0x6c, 0x80, 0x02, 0x6c, 0x6f]], role: .client) == [
                "text Hello"
            ])
    }

    @Test("5.4: fragments, with control frames between them") func fragments() {
        let bytes =
            Self.frame(.text, "a", isFinal: false) + Self.frame(.ping, "p")
            + Self.frame(.continuation, "", isFinal: false)
            + Self.frame(.pong, "q") + Self.frame(.continuation, "b") + Self.frame(.binary, "c")
        #expect(Self.events([bytes]) == ["ping p", "pong q", "text ab", "binary c"])
    }

    @Test("5.2: lengths of all three forms", arguments: [0, 1, 125, 126, 127, 65_535, 65_536, 70_000])
    func lengths(_ length: Int) {
        let text = String(repeating: "x", count: length)
        #expect(Self.events([Self.frame(.text, text)], limit: 100_000) == ["text " + text])
        let unmasked = Self.frame(.text, text, mask: nil)
        #expect(Self.events([unmasked], role: .client, limit: 100_000) == ["text " + text])
    }

    static let broken: [(String, [UInt8], Int)] = [
        ("unmasked from a client", frame(.text, "a", mask: nil), 1002),
        ("reserved bit 1", [0xc1, 0x80, 0, 0, 0, 0], 1002),
        ("reserved bit 3", [0x91, 0x80, 0, 0, 0, 0], 1002),
        ("opcode 3", [0x83, 0x80, 0, 0, 0, 0], 1002),
        ("opcode 11", [0x8b, 0x80, 0, 0, 0, 0], 1002),
        ("fragmented ping", [0x09, 0x80, 0, 0, 0, 0], 1002),
        ("ping of 126 bytes", [0x89, 0xfe, 0, 126, 0, 0, 0, 0], 1002),
        ("length 125 in 16 bits", [0x81, 0xfe, 0, 125, 0, 0, 0, 0], 1002),
        ("length 65535 in 64 bits", [0x81, 0xff, 0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0], 1002),
        ("length with the high bit", [0x81, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0], 1002),
        ("length past the limit", [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0, 1, 0, 0, 0, 0], 1009),
        (
            "fragments past the limit",
            frame(.binary, String(repeating: "x", count: 60_000), isFinal: false)
                + frame(.continuation, String(repeating: "x", count: 6000)), 1009
        ),
        ("continuation of nothing", frame(.continuation, "a"), 1002),
        ("text within a message", frame(.text, "a", isFinal: false) + frame(.text, "b"), 1002),
        ("close of one byte", [0x88, 0x81, 0, 0, 0, 0, 3], 1002),
        ("close with bad UTF-8", [0x88, 0x83, 0, 0, 0, 0, 3, 0xe8, 0xff], 1007),
        ("close 1004", close(1004), 1002), ("close 1005", close(1005), 1002),
        ("close 1006", close(1006), 1002),
        ("close 999", close(999), 1002), ("close 1015", close(1015), 1002), ("close 2999", close(2999), 1002),
        ("close 5000", close(5000), 1002), ("close 0", close(0), 1002),
    ]

    @Test(arguments: broken.indices) func isRefused(_ index: Int) {
        let (name, bytes, code) = Self.broken[index]
        #expect(Self.events([bytes]).last == "failed \(code)", "\(name)")
    }

    @Test("7.4: close codes that may be sent") func closeCodes() {
        for code: UInt16 in [1000, 1001, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999] {
            #expect(Self.events([Self.close(code, "ü")]) == ["close \(code) ü"])
        }
        #expect(Self.events([Self.frame(.close)]) == ["close 1005 "])
    }

    @Test("7.1.6: a reason is cut at a character, within 125 bytes of payload") func longReason() {
        let payload = WebSocketFrameEncoder.closePayload(.normal, String(repeating: "ü", count: 100))
        #expect(payload.count == 124)
        #expect(String(validating: payload[2...], as: UTF8.self) != nil)
    }

    @Test("8.1: bad UTF-8 is refused before its message ends") func earlyRefusal() {
        let start: [UInt8] = [0x01, 0x83, 0, 0, 0, 0, 0x61, 0xff, 0x62]
        #expect(Self.events([start]) == ["failed 1007"])
        let cut: [UInt8] = [0x81, 0x81, 0, 0, 0, 0, 0xc3]
        #expect(Self.events([cut]) == ["failed 1007"])
    }

    @Test func everySplitGivesTheSameResult() {
        let bytes =
            Self.frame(.text, "grüß", isFinal: false, mask: 0x89ab_cdef) + Self.frame(.ping, "pingping")
            + Self.frame(.continuation, "ÄÖÜ €uro 𝄞", mask: 0xffff_0001)
            + Self.frame(.binary, String(repeating: "0123456789", count: 20), mask: 0x0102_0304)
            + Self.close(1000, "bye")
        let whole = Self.events([bytes])
        #expect(whole.count == 4)
        for cut in 0...bytes.count {
            #expect(Self.events([Array(bytes[..<cut]), Array(bytes[cut...])]) == whole)
        }
        #expect(Self.events(bytes.map { [$0] }) == whole)
    }
}
