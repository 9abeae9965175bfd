import EventLoop
import HTTP
import Identity
import JSON
import Observability
import Orders
import Service

/// Stops replicas of a development stack, so that it can be seen what their tabs make of it. Whoever supervises
/// the stack starts them again.
struct FaultInjection: Sendable {
    enum Fault: String {
        /// Nothing is said to anybody.
        case kill
        /// Its sockets are told to go elsewhere.
        case drain

        var signal: Int32 { self == .kill ? 9 : 15 }
    }

    private let stack: StackFile

    init(_ stack: StackFile) { self.stack = stack }

    /// - Parameter replica: as it calls itself, `order-notification@5006`.
    /// - Returns: the pid; nil when there is no such replica.
    func stop(_ replica: String, _ way: Fault) throws -> Int32? {
        guard let at = replica.lastIndex(of: "@") else { return nil }
        let port = replica[replica.index(after: at)...]
        let instance = try stack.read().notification.first { $0.url.hasSuffix(":\(port)") }
        instance?.kill(way.signal)
        return instance?.pid
    }
}

@Loop
struct FaultRoutes {
    let operatorGuard: OperatorGuard
    let faultInjection: FaultInjection
    let log: Logger

    func add(to edge: APIRouter) {
        edge.on(.post, "/ops/api/lab/stop", bodyLimit: 4096) { request, _ in try await stop(request) }
    }

    /// `{"replica": …, "way": "kill" | "drain"}`
    private func stop(_ request: HTTPRequest) async throws(Problem) -> HTTPResponse {
        let caller = try await operatorGuard.admitChange(request)
        let body = request.body
        let wish = try? JSONValue(parsing: body.span)
        guard let replica = wish?["replica"]?.string,
            let way = FaultInjection.Fault(rawValue: wish?["way"]?.string ?? "kill")
        else { throw .validation([("replica", ["A replica, and `kill` or `drain`, are required."])]) }
        guard let pid = try? faultInjection.stop(replica, way) else {
            throw Problem(.notFound, "There is no such replica.")
        }
        log.info(
            "console.replica_stopped",
            ["operator": caller.userID.value, "replica": replica, "way": way.rawValue])
        return HTTPResponse(.ok, json: JSONValue.object([.init("pid", .number(String(pid)))]).encode())
    }
}
