extension RedisBatch {
    /// One command of a batch.
    struct Command {
        /// Its encoding in ``RedisBatch/bytes``.
        let range: Range<Int>
        /// The slot of its first key; nil without a key: any node may run it.
        let slot: Int?
    }

    /// The commands in their order.
    var commands: some Sequence<Command> { CommandReader(bytes: bytes) }
}

/// Reads what a batch has encoded: complete arrays of bulk strings.
private struct CommandReader: Sequence, IteratorProtocol {
    let bytes: [UInt8]
    private var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func next() -> RedisBatch.Command? {
        guard position < bytes.count else { return nil }
        let start = position
        let arguments = number()
        let keyIndex = CommandName.keyIndex(of: bytes[argument()])
        var slot: Int?
        var hasKey = true
        for index in 1..<arguments {
            let argument = argument()
            if index == keyIndex, hasKey { slot = HashSlot.of(bytes[argument]) }
            // The number of a script's keys is in front of them.
            if index + 1 == keyIndex, bytes[argument].elementsEqual([UInt8(ascii: "0")]) { hasKey = false }
        }
        return RedisBatch.Command(range: start..<position, slot: slot)
    }

    /// The number of a line that begins with `*` or `$`.
    private mutating func number() -> Int {
        var number = 0
        position += 1
        while bytes[position] != 13 {
            number = number * 10 + Int(bytes[position] - 48)
            position += 1
        }
        position += 2
        return number
    }

    private mutating func argument() -> Range<Int> {
        let count = number()
        let range = position..<(position + count)
        position = range.upperBound + 2
        return range
    }
}

/// Where commands have their first key. One that is not listed and has its key elsewhere is redirected by the node that
/// gets it.
private enum CommandName {
    /// The argument that is the first key, by the command's name; nil for commands without a key.
    static func keyIndex(of name: ArraySlice<UInt8>) -> Int? {
        let word = packed(name)
        if keyless.contains(word) { return nil }
        return scripts.contains(word) ? 3 : 1
    }

    private static let keyless = packed(
        "ACL", "ASKING", "AUTH", "CLIENT", "CLUSTER", "COMMAND", "CONFIG", "DBSIZE", "ECHO", "FUNCTION",
        "INFO",
        "KEYS", "LATENCY", "PING", "PUBLISH", "ROLE", "SCAN", "SCRIPT", "SLOWLOG", "TIME", "WAIT")

    private static let scripts = packed("EVAL", "EVALSHA", "EVAL_RO", "EVALSHA_RO", "FCALL", "FCALL_RO")

    private static func packed(_ names: String...) -> Set<UInt128> { Set(names.map { packed($0.utf8) }) }

    /// The letters in upper case as one number; names of more than 16 letters are none of the above.
    private static func packed(_ name: some Collection<UInt8>) -> UInt128 {
        name.count > 16 ? 0 : name.reduce(0) { $0 << 8 | UInt128($1 & 0xDF) }
    }
}
