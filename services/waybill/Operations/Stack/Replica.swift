internal import Bytes

/// A service's process in a stack on this machine.
struct Replica: Sendable, Equatable {
    /// As the stack's scripts name it: `accept-1`, as in its log's name.
    let name: String
    /// `order-accept`, or `console`.
    let service: String
    let instance: StackFile.Instance

    /// `order-accept@8081`, as logs and pages name it.
    var publicName: String {
        let port = instance.url.split(separator: ":").last ?? "?"
        return "\(service == "console" ? "waybill-console" : service)@\(port)"
    }

    /// Whether `word` means it: its name in either form, its service, or the service's kind (`accept`).
    func isNamed(by word: String) -> Bool {
        [name, publicName, service, Self.kind(of: name)].contains { $0.hasSameBytes(as: word) }
    }

    static func kind(of name: String) -> String { String(name.prefix { $0 != "-" }) }
}

extension StackFile.Contents {
    /// All services' processes; none of a deployment elsewhere.
    var replicas: [Replica] {
        [
            ("accept", "order-accept", accept), ("process", "order-process", process),
            ("notification", "order-notification", notification), ("console", "console", console),
        ].flatMap { kind, service, instances in
            instances.enumerated().map { index, instance in
                Replica(name: "\(kind)-\(index + 1)", service: service, instance: instance)
            }
        }
    }

    /// Those that the words mean, or all without words.
    func replicas(named words: [String]) throws(CommandError) -> [Replica] {
        let all = replicas
        for word in words where !all.contains(where: { $0.isNamed(by: word) }) {
            throw CommandError(
                .usage, "there is no replica \(word.printable)",
                remedy: "one of: \(all.map(\.name).joined(separator: ", "))")
        }
        return words.isEmpty ? all : all.filter { replica in words.contains { replica.isNamed(by: $0) } }
    }
}
