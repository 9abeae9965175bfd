import EventLoop
import Glibc
import HTTP
import Identity
import JSON
import Observability
import Orders
import Service

/// Ends notifiers of a development stack, to show how their tabs fail over. The stack's supervisor restarts them.
struct FaultInjection: Sendable {
    enum Fault: String {
        /// SIGKILL: no client is told.
        case kill
        /// SIGTERM: sockets are told to reconnect elsewhere.
        case drain

        var signal: Int32 { self == .kill ? SIGKILL : SIGTERM }
    }

    /// Path of `stack.json`; read at each call, since a restarted service has another pid.
    let stack: String

    /// - Parameter replica: the replica's name, such as `order-notification@5006`.
    /// - Returns: the pid that was signalled; nil for an unknown replica.
    func inject(_ fault: Fault, into replica: String) -> Int32? {
        guard let at = replica.lastIndex(of: "@"), let bytes = SystemCalls.contents(of: stack),
            let document = try? JSONValue(parsing: bytes.span)
        else { return nil }
        let port = replica[replica.index(after: at)...]
        let instance = document["notification"]?.array?.first {
            $0["url"]?.string?.hasSuffix(":\(port)") == true
        }
        guard let pid = instance?["pid"]?.int.flatMap(Int32.init(exactly:)), pid > 1 else { return nil }
        return kill(pid, fault.signal) == 0 ? pid : nil
    }
}

@Loop
struct FaultRoutes {
    let operatorGuard: OperatorGuard
    let faultInjection: FaultInjection
    let audit: AuditLog

    func add(to router: APIRouter) {
        let router = router.admitting { _ = try await operatorGuard.admit($0) }
        router.on(.post, "/ops/api/lab/stop", bodyLimit: 4096) { request, _ in try await stop(request) }
    }

    /// `{"replica": …, "way": "kill" | "drain"}`
    private func stop(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let caller = try await operatorGuard.admitChange(request)
        let body = request.body
        let wish = try? JSONValue(parsing: body.span)
        guard let replica = wish?["replica"]?.string else {
            throw .validation([("replica", ["The name of a replica is required."])])
        }
        guard let way = FaultInjection.Fault(rawValue: wish?["way"]?.string ?? "kill") else {
            throw .validation([("way", ["It must be `kill` or `drain`."])])
        }
        try await audit.record(.stopReplica, of: "\(replica), \(way.rawValue)", by: caller.userID)
        guard let pid = faultInjection.inject(way, into: replica) else {
            throw Problem(.notFound, "There is no such replica.")
        }
        return HTTPResponse(.ok, json: JSONValue.object([.init("pid", .number(String(pid)))]).encode())
    }
}
