/// Bounds on the head of a message, in bytes.
package struct HTTPHeadLimits: Sendable {
    /// The request or status line; a longer request line is answered with 414.
    package var startLine = 20_480
    /// The whole head; more is answered with 431. At most 65,535.
    package var head = 40_960 { didSet { precondition(head < 65536, "offsets in a head are 16 bits") } }
    /// Fields; more are answered with 431.
    package var fields = 64

    package init() {}
}

/// The position of an incremental head parser: lines before `lineStart` are parsed, and bytes before `scanned` hold
/// no end of the current line, so that no byte is read more than twice.
struct LineCursor: Sendable {
    var lineStart = 0
    private var scanned = 0

    /// Whether the current line can be parsed now: it is new, complete, or longer than `limit`.
    mutating func shouldParse(_ bytes: Span<UInt8>, limit: Int) -> Bool {
        guard scanned > lineStart else { return true }
        guard bytes.count - lineStart <= limit else { return true }
        while scanned < bytes.count {
            if bytes[scanned] == 10 { return true }
            scanned += 1
        }
        return false
    }

    mutating func advance(to next: Int) {
        lineStart = next
        scanned = 0
    }

    /// The current line is not complete yet.
    mutating func suspend(_ bytes: Span<UInt8>) { scanned = bytes.count }
}
