package import AMQP
package import EventLoop
internal import Observability
package import Redis

/// A server that a service depends on: the reason in readiness while it cannot be used, and one line in the log for each
/// change of it, at a limited rate.
@Loop
package final class ServerReport {
    private let name: String
    private let log: Logger
    private let shutdown: Shutdown
    private let problem: @Loop () -> ServerProblem?
    /// The word that was logged last; nil while the server can be used.
    private var logged: String? = "unknown"
    private var limiter = RateLimiter()
    /// Looks again at what was logged: some problems end without an event.
    private lazy var timer = Timer { [weak self] in self?.update() }

    /// A server that comes and goes all the time fills no log.
    private static let limit = RateLimit(burst: 20, perSecond: 1)

    /// - Parameters:
    ///   - name: `redis`; the reason is `redis.readonly`.
    ///   - isEssential: whether the process is not ready without it.
    ///   - problem: why the server cannot be used now.
    package init(
        _ name: String, _ context: ServiceContext, isEssential: @escaping @Loop () -> Bool = { true },
        problem: @escaping @Loop () -> ServerProblem?
    ) {
        self.name = name
        log = context.log
        shutdown = context.shutdown
        self.problem = problem
        context.health.addServerCheck(name, isEssential: isEssential) { problem()?.word }
    }

    /// The server's state may have changed.
    package func update() {
        if shutdown.isRequested { return }
        let problem = problem()
        if problem != nil, !timer.isArmed { timer.arm(after: .seconds(1)) }
        guard problem?.word != logged, problem?.isExpected != true, limiter.take(Self.limit, now: Loop.now)
        else { return }
        logged = problem?.word
        guard let problem else { return log.info("server.connected", ["server": name]) }
        log.warning(
            "server.unavailable",
            [
                "server": name, "reason": "\(name).\(problem.word)", "error": problem.error,
                "next": Self.nextStep(problem.word),
            ])
    }

    private static func nextStep(_ word: String) -> String {
        switch word {
        case "authentication": "check the user, the password and the permissions in its URL"
        case "tls": "check TLS_CA_FILE, and the certificate's names and expiry"
        case "declaration": "check the permissions of the user, and the names in the error"
        case "readonly", "masterdown": "it is a replica: check the address, and who is the primary"
        case "loading", "starting": "wait: it is starting"
        case "oom": "give it more memory, or a policy that evicts"
        case "misconf": "it cannot save its data: check its disk and its log"
        case "busy": "a script runs for long: wait, or SCRIPT KILL"
        case "error": "it refuses a command of a script: check ACL LOG, and that no command is renamed"
        case "noreplicas": "it has too few replicas for a write: start them"
        case "vhost": "check the virtual host in its URL, the permissions on it and its limits"
        case "database": "create the database, or correct its name in the URL"
        case "schema": "start an order-process of this version: it applies the migrations"
        case "full": "raise max_connections, or run fewer replicas"
        case "disk": "free space on its disk"
        case "configuration": "check the parameters of its URL"
        case "address": "check the URL of the keys"
        case "status": "check the URL of the keys: it answers, with an error"
        case "document": "check the URL of the keys and the name of the issuer"
        case "empty": "the issuer has withdrawn its keys, or has none of a kind that is supported"
        case "expired": "restore the issuer: its keys could not be fetched for a day, and verify nothing now"
        case "protocol": "check that the address is this kind of server, with the right scheme"
        default: "check that it runs, and its address"
        }
    }
}

/// Why a server cannot be used.
package struct ServerProblem: Sendable, Equatable {
    /// In readiness: `unreachable`, `authentication`, ….
    package let word: String
    /// For the log; without secrets.
    package let error: String?
    /// Whether it is a part of the start, and no news.
    package let isExpected: Bool

    package init(_ word: String, error: String?, isExpected: Bool = false) {
        self.word = word
        self.error = error
        self.isExpected = isExpected
    }
}

extension RedisConnectionState {
    package var serverProblem: ServerProblem? { problem.map { ServerProblem($0) } }
}

extension ServerProblem {
    package init(_ problem: RedisProblem) { self.init(problem.word, error: problem.error?.detail) }
}

extension ServerReport {
    package static func redis(
        _ client: any RedisCommands, _ context: ServiceContext,
        isEssential: @escaping @Loop () -> Bool = { true }
    ) {
        // The users of the other nodes are served.
        let report = ServerReport(
            "redis", context, isEssential: { !client.isPartial && isEssential() },
            problem: { client.problem.map { ServerProblem($0) } })
        client.onStateChange = { _ in report.update() }
        client.onRefusal = { report.update() }
    }

    package static func channels(_ subscriber: any RedisChannels, _ context: ServiceContext) {
        let report = ServerReport(
            "redis.channels", context, isEssential: { !subscriber.isPartial },
            problem: { subscriber.state.serverProblem })
        subscriber.onStateChange = { _ in report.update() }
    }

    /// Of several connections to one broker.
    package static func rabbitMQ(
        _ clients: [AMQPClient], _ context: ServiceContext, isEssential: @escaping @Loop () -> Bool = { true }
    ) {
        let report = ServerReport("rabbitmq", context, isEssential: isEssential) {
            for client in clients {
                guard let word = client.problem else { continue }
                if case .disconnected(let error) = client.state {
                    return ServerProblem(word, error: error.detail)
                }
                return ServerProblem(word, error: nil)
            }
            return nil
        }
        let log = context.log
        for client in clients {
            client.onStateChange { _ in
                // At the start one connection may be open before the other.
                if clients.allSatisfy({ $0.state != .connecting }) { report.update() }
            }
            client.onEvent { event in
                switch event {
                case .topologyMissing: log.warning("rabbitmq.topology_missing")
                case .unconfirmed(let willReconnect):
                    log.warning("rabbitmq.unconfirmed", ["reopens": willReconnect ? "connection" : "channel"])
                }
            }
        }
    }
}
