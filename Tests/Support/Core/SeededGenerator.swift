import EventLoop

/// A random source that gives every run of a test the same inputs.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var source: SplitMix64

    package init(seed: UInt64) { source = SplitMix64(seed: seed) }

    package mutating func next() -> UInt64 { source.next() }

    /// Applies one to four random edits to `bytes`: flips, insertions, deletions, copies, truncation.
    /// `alphabet` holds the bytes worth inserting into this kind of input.
    package mutating func mutate(_ bytes: [UInt8], alphabet: [UInt8] = []) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &self) {
            let index = Int.random(in: 0...bytes.count, using: &self)
            let byte = alphabet.randomElement(using: &self) ?? UInt8.random(in: 0...255, using: &self)
            switch Int.random(in: 0..<6, using: &self) {
            case 0 where index < bytes.count: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &self)
            case 1 where index < bytes.count: bytes[index] = byte
            case 2 where index < bytes.count: bytes.remove(at: index)
            case 3: bytes.insert(UInt8.random(in: 0...255, using: &self), at: index)
            case 4:
                let start = Int.random(in: 0...index, using: &self)
                let piece = bytes[start..<min(index, start + 16)]
                bytes.insert(contentsOf: piece, at: Int.random(in: 0...bytes.count, using: &self))
            case 5 where Int.random(in: 0..<4, using: &self) == 0: bytes.removeSubrange(index...)
            default: bytes.insert(byte, at: index)
            }
        }
        return bytes
    }
}
