internal import EventLoop

/// Reads `application/x-www-form-urlencoded` data: a query, or a form. Items with broken escapes are left out.
package enum HTTPQuery {
    static func first(_ name: String, in bytes: Span<UInt8>) -> String? {
        var result: String?
        forEach(bytes) { key, value in
            guard matches(bytes.extracting(key), name) else { return true }
            result = decode(bytes.extracting(value))
            return false
        }
        return result
    }

    package static func items(_ bytes: Span<UInt8>) -> [(name: String, value: String)] {
        var items: [(name: String, value: String)] = []
        forEach(bytes) { key, value in
            if let name = decode(bytes.extracting(key)), let value = decode(bytes.extracting(value)) {
                items.append((name, value))
            }
            return true
        }
        return items
    }

    private static func decode(_ bytes: Span<UInt8>) -> String? {
        PercentEncoding.decode(bytes, plusIsSpace: true)
    }

    private static func matches(_ key: Span<UInt8>, _ name: String) -> Bool {
        for i in key.indices where key[i] == UInt8(ascii: "%") || key[i] == UInt8(ascii: "+") {
            return decode(key) == name
        }
        guard key.count == name.utf8.count else { return false }
        var i = 0
        for byte in name.utf8 {
            guard key[i] == byte else { return false }
            i += 1
        }
        return true
    }

    /// Calls `body` with the ranges of each item's name and value until it returns false.
    private static func forEach(_ bytes: Span<UInt8>, _ body: (Range<Int>, Range<Int>) -> Bool) {
        var start = 0
        while start < bytes.count {
            var end = start
            var equals: Int?
            while end < bytes.count, bytes[end] != UInt8(ascii: "&") {
                if equals == nil, bytes[end] == UInt8(ascii: "=") { equals = end }
                end += 1
            }
            let keyEnd = equals ?? end
            let value = (equals.map { $0 + 1 } ?? end)..<end
            if end > start, !body(start..<keyEnd, value) { return }
            start = end + 1
        }
    }
}
