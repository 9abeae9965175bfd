@testable import HTTP

/// What a connection's bytes come to: each request in a line, and the refusal that ended them.
enum Decoding {
    /// Feeds `pieces` one after another, as a connection would, keeping what was not used.
    static func requests(_ pieces: [[UInt8]], bodyLimit: Int = 1 << 16) -> [String] {
        var log: [String] = []
        var buffer: [UInt8] = []
        var parser = HTTPRequestParser()
        var head: HTTPRequestHead?
        var body: [UInt8] = []
        var decoder = HTTPChunkedDecoder()
        do throws(HTTPParseError) {
            for piece in pieces {
                buffer += piece
                var used = 0
                while used < buffer.count || head != nil {
                    let rest = buffer.span.extracting(used..<buffer.count)
                    guard let current = head else {
                        guard let next = try parser.next(rest, limits: HTTPHeadLimits()) else { break }
                        used += next.length
                        head = next
                        body = []
                        decoder = HTTPChunkedDecoder()
                        continue
                    }
                    var complete = false
                    switch current.framing {
                    case .none, .untilClose: complete = true
                    case .length(let length):
                        let count = min(rest.count, length - body.count)
                        body.append(rest.extracting(first: count))
                        used += count
                        complete = body.count == length
                    case .chunked:
                        used += try decoder.feed(rest, into: &body, limit: bodyLimit)
                        complete = decoder.isDone
                    }
                    guard complete else { break }
                    log.append(describe(current, body))
                    head = nil
                }
                buffer.removeFirst(used)
            }
        } catch {
            log.append("refused \(error.status.rawValue) \(error.reason)")
        }
        return log
    }

    static func requests(_ text: String) -> [String] { requests([Array(text.utf8)]) }

    private static func describe(_ head: HTTPRequestHead, _ body: [UInt8]) -> String {
        let fields = head.headers.all.map { "\($0.name)=\($0.value)" }.joined(separator: "&")
        return "\(head.method) \(head.target.rawPath.count) [\(fields)] \(head.keepAlive)"
            + " \(head.expectsContinue) \(String(decoding: body, as: UTF8.self))"
    }

    /// The head of a request, which must be whole.
    static func head(_ text: String, limits: HTTPHeadLimits = HTTPHeadLimits()) throws(HTTPParseError)
        -> HTTPRequestHead?
    {
        var parser = HTTPRequestParser()
        return try parser.next(text.utf8.span, limits: limits)
    }
}

/// A small generator of pseudo-random numbers that gives the same ones for the same seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
