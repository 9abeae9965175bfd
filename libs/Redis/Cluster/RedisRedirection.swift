internal import EventLoop

/// Where a node sends a command that it does not run: the text of a MOVED or ASK error.
struct RedisRedirection: Equatable {
    let slot: Int
    /// ASK: for this command alone, while the slot is imported. MOVED: from now on.
    let isOnce: Bool
    /// Empty when the node that answered does not know it and means its own host.
    let host: String
    let port: UInt16

    /// The node to ask, after an answer of `node`.
    func endpoint(from node: Endpoint) -> Endpoint {
        Endpoint(host: host.isEmpty ? node.host : host, port: port)
    }
}

extension RedisError {
    /// Reads `MOVED 3999 127.0.0.1:6381`; the host may be empty, a name, or IPv6 without brackets.
    var redirection: RedisRedirection? {
        guard code == .moved else { return nil }
        let parts = message.utf8.split(separator: UInt8(ascii: " "))
        guard parts.count >= 3, let slot = Int(String(parts[1]) ?? ""), (0..<HashSlot.count).contains(slot),
            let colon = parts[2].lastIndex(of: UInt8(ascii: ":")),
            let host = String(parts[2][..<colon]), host != "?",
            let port = UInt16(String(parts[2][colon...].dropFirst()) ?? ""), port > 0
        else { return nil }
        return RedisRedirection(
            slot: slot, isOnce: parts[0].elementsEqual("ASK".utf8), host: host, port: port)
    }
}
