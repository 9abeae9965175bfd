/// A command's argument: text, bytes or a number.
package protocol RedisArgument {
    func append(to batch: inout RedisBatch)
}

extension String: RedisArgument {
    package func append(to batch: inout RedisBatch) { batch.append(self) }
}

extension StaticString: RedisArgument {
    package func append(to batch: inout RedisBatch) { batch.append(self) }
}

extension Int: RedisArgument {
    package func append(to batch: inout RedisBatch) { batch.append(self) }
}

extension [UInt8]: RedisArgument {
    package func append(to batch: inout RedisBatch) { batch.append(self) }
}

/// A key of a constant prefix and an id, encoded without joining them first.
package struct RedisKey: RedisArgument, Sendable, Hashable {
    package let prefix: StaticString
    package let id: String

    package init(_ prefix: StaticString, _ id: String) {
        self.prefix = prefix
        self.id = id
    }

    package func append(to batch: inout RedisBatch) { batch.append(prefix, id) }

    package var text: String { "\(prefix)\(id)" }

    package static func == (a: RedisKey, b: RedisKey) -> Bool { a.text == b.text }
    package func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

extension RedisBatch {
    /// Adds one command: `batch.add("SET", key, value, "EX", 60)`.
    @inlinable
    package mutating func add<each Part: RedisArgument>(_ name: StaticString, _ parts: repeat each Part) {
        var arguments = 1
        for _ in repeat each parts { arguments += 1 }
        begin(arguments)
        append(name)
        for part in repeat each parts { part.append(to: &self) }
    }

    /// Adds a command with a variable number of arguments: `batch.add("MGET", keys)`.
    package mutating func add(_ name: StaticString, list parts: some Collection<some RedisArgument>) {
        begin(parts.count + 1)
        append(name)
        for part in parts { part.append(to: &self) }
    }
}
