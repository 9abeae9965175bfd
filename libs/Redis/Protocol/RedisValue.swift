/// One reply, or a part of one (RESP2).
package enum RedisValue: Sendable, Equatable {
    case null
    case integer(Int)
    /// A simple string, such as `OK` or `QUEUED`; short ones need no allocation.
    case status(String)
    /// A bulk string: any bytes.
    case bytes([UInt8])
    case array([RedisValue])
    case error(RedisError)
}

extension RedisValue {
    /// The bytes of a bulk string as text; invalid UTF-8 is repaired. `nil` for anything but text.
    package var string: String? {
        switch self {
        case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
        case .status(let text): text
        default: nil
        }
    }

    package var bytes: [UInt8]? {
        switch self {
        case .bytes(let bytes): bytes
        case .status(let text): Array(text.utf8)
        default: nil
        }
    }

    /// An integer, or a bulk string that holds one.
    package var integer: Int? {
        switch self {
        case .integer(let value): value
        case .bytes, .status: string.flatMap { Int($0) }
        default: nil
        }
    }

    package var array: [RedisValue]? {
        if case .array(let values) = self { values } else { nil }
    }

    package var isNull: Bool {
        if case .null = self { true } else { false }
    }

    /// The value itself; throws the server's error.
    package func get() throws(RedisError) -> RedisValue {
        if case .error(let error) = self { throw error }
        return self
    }
}

extension RedisError {
    static func unexpected(_ command: StaticString) -> RedisError {
        RedisError(.unexpectedReply, "\(command): unexpected shape")
    }
}
