internal import Glibc
internal import JSON
internal import Observability
internal import Service

/// `stack.json`: the running processes, written by the script that started the stack and updated while it
/// runs. Read anew each time, since a restarted service has another pid. Of a deployment elsewhere, only the address is
/// known, and what the services' keys in the environment name.
struct StackFile: Sendable {
    struct Instance: Sendable, Equatable {
        var url: String
        var pid: Int32
    }

    struct Contents: Sendable {
        var edge: String
        /// Nil when the stack runs elsewhere.
        var edgePid: Int32?
        var accept: [Instance]
        var process: [Instance]
        var notification: [Instance]
        /// The operator's console.
        var console: [Instance]
        /// Pids of the servers, by name.
        var servers: [(name: String, pid: Int32)]
        /// Nil when the file does not contain them.
        var addresses: ServerAddresses?

        /// Base URLs for tabs: the replicas, where they are known.
        var tabAddresses: [String] { notification.isEmpty ? [edge] : notification.map(\.url) }
    }

    let path: String
    /// The address of a deployment elsewhere.
    let url: String?
    private let isNamed: Bool
    private let environment: Environment

    /// Without a path, `WAYBILL_STACK`, else `stack.json` in `WAYBILL_VAR`, else `var/stack.json`
    /// (`var/OFFSET/stack.json` with a port offset).
    init(path: String? = nil, environment: Environment = .process()) {
        let offset = environment["WAYBILL_PORT_OFFSET"].flatMap { $0 == "0" ? nil : "/\($0)" } ?? ""
        let folder = environment["WAYBILL_VAR"] ?? "var\(offset)"
        self.path = path ?? environment["WAYBILL_STACK"] ?? "\(folder)/stack.json"
        url = nil
        isNamed = path != nil
        self.environment = environment
    }

    /// Of a deployment elsewhere.
    init(url: String, environment: Environment = .process()) {
        path = "var/stack.json"
        self.url = url
        isNamed = false
        self.environment = environment
    }

    /// Whether the environment names a stack of this machine.
    static func isNamed(by environment: Environment) -> Bool {
        ["WAYBILL_STACK", "WAYBILL_VAR", "WAYBILL_PORT_OFFSET"].contains { environment[$0] != nil }
    }

    /// The directory of the stack's state.
    var folder: String { path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "." }

    /// The stack's; where none is described, those of the environment.
    func addresses() throws(CommandError) -> ServerAddresses {
        do throws(CommandError) {
            if let addresses = try read().addresses { return addresses }
            if let url {
                throw CommandError(
                    .unavailable, "of the deployment at \(url) only the address is known",
                    remedy: "set REDIS_URL, RABBITMQ_URL and DATABASE_URL")
            }
        } catch {
            guard !isNamed, let addresses = ServerAddresses(environment) else { throw error }
            return addresses
        }
        throw CommandError(
            .unavailable, "\(path) does not contain the servers' addresses", remedy: "make down up")
    }

    func read() throws(CommandError) -> Contents {
        if let url {
            return Contents(
                edge: url, accept: [], process: [], notification: [], console: [], servers: [],
                addresses: ServerAddresses(environment))
        }
        let document = try document()
        let servers = ["redis", "rabbitmq", "postgres"].compactMap { name in
            Self.pid(document[name]?["pid"]).map { (name, $0) }
        }
        return Contents(
            edge: document["edge"]?.string ?? "", edgePid: Self.pid(document["edgePid"]),
            accept: Self.services(document["accept"]), process: Self.services(document["process"]),
            notification: Self.services(document["notification"]),
            console: Self.services(document["console"]), servers: servers,
            addresses: ServerAddresses(document))
    }

    /// The file's JSON. A deployment elsewhere has no such file.
    func document() throws(CommandError) -> JSONValue {
        if let url {
            throw CommandError(
                .unavailable, "the processes of the deployment at \(url) are known where it runs alone",
                remedy:
                    "on that machine: waybill … --context \(ContextFile.local); or the pages at \(url)/ops/")
        }
        guard let bytes = SystemCalls.contents(of: path) else {
            throw CommandError(
                .unavailable, "no stack runs here: there is no \(path)",
                remedy: "waybill up; for a deployment elsewhere --url URL or --context NAME")
        }
        guard let document = try? JSONValue(parsing: bytes.span), document["edge"]?.string != nil else {
            throw CommandError(.unavailable, "\(path) is not a stack's description", remedy: "make down up")
        }
        return document
    }

    private static func services(_ value: JSONValue?) -> [Instance] {
        (value?.array ?? []).compactMap { entry in
            guard let url = entry["url"]?.string, let pid = pid(entry["pid"]) else { return nil }
            return Instance(url: url, pid: pid)
        }
    }

    private static func pid(_ value: JSONValue?) -> Int32? { value?.int.flatMap(Int32.init(exactly:)) }
}

extension StackFile.Instance {
    func kill(_ signal: Int32) { _ = Glibc.kill(pid, signal) }
}
