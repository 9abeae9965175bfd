import Bytes

extension StatusProblem {
    static func ofServers(_ state: SystemState) -> [StatusProblem] {
        state.servers.compactMap { server in
            guard let error = server.error else { return nil }
            return StatusProblem(
                severity: .critical, code: "server.away", subject: server.name,
                title: "\(server.name) does not answer the console",
                meaning:
                    "\(error). What depends on it is not shown; the services say below whether they miss it too.",
                next:
                    "`waybill up` starts it on this machine; elsewhere start \(server.name), or correct the console's "
                    + "address and password of it")
        }
    }

    static func ofServices(_ state: SystemState) -> [StatusProblem] {
        state.services.compactMap { ofReadiness($0) } + ofReasons(state)
    }

    private static func ofReadiness(_ service: ServiceState) -> StatusProblem? {
        func problem(
            _ severity: Severity, _ code: String, _ title: String, _ meaning: String, _ next: String
        ) -> StatusProblem {
            StatusProblem(
                severity: severity, code: "service.\(code)", subject: service.name,
                title: "\(service.name) \(title)", meaning: meaning, next: next,
                services: [String(service.service)])
        }
        switch service.readiness {
        case .ready: return nil
        case .starting, .draining:
            return problem(
                .warning, service.readiness.rawValue, "is \(service.readiness.rawValue)",
                "It takes no new work.", "wait; if it stays so, see its log")
        case .unreachable:
            return problem(
                .critical, "unreachable", "is not running", "Nothing answers at \(service.url).",
                "`waybill up` starts it on this machine; elsewhere start it. Its log says why it ended")
        case .hung:
            return problem(
                .critical, "hung", "does not answer",
                "It accepts connections at \(service.url), and is silent: its process is stopped, or busy.",
                "`waybill up` restarts it on this machine; elsewhere end it with SIGKILL and start it again. "
                    + "Nothing is lost")
        case .unavailable:
            return service.reasons.isEmpty
                ? problem(.critical, "unavailable", "is not ready", "It gives no reason.", "see its log")
                : nil
        }
    }

    /// One problem for each cause, however many replicas name it, and for whatever connection.
    private static func ofReasons(_ state: SystemState) -> [StatusProblem] {
        struct Cause {
            var reason: ReadinessReason
            var codes: [String] = []
            var stopped: [ServiceState] = []
            var without: [ServiceState] = []

            var replicas: [ServiceState] { stopped + without }

            func names(_ service: ServiceState) -> Bool {
                replicas.contains { $0.name.hasSameBytes(as: service.name) }
            }
        }
        var causes: [Cause] = []
        for service in state.services where service.readiness == .ready || service.readiness == .unavailable {
            for code in service.reasons {
                let reason = ReadinessReason(code)
                let known = causes.firstIndex {
                    $0.reason.meaning.hasSameBytes(as: reason.meaning)
                        && $0.reason.next.hasSameBytes(as: reason.next)
                }
                let index = known ?? causes.count
                if known == nil { causes.append(Cause(reason: reason)) }
                if !causes[index].codes.contains(where: { $0.hasSameBytes(as: code) }) {
                    causes[index].codes.append(code)
                }
                let isStopped = service.readiness == .unavailable
                func add(to list: inout [ServiceState]) {
                    if !list.contains(where: { $0.name.hasSameBytes(as: service.name) }) {
                        list.append(service)
                    }
                }
                if isStopped { add(to: &causes[index].stopped) } else { add(to: &causes[index].without) }
            }
        }
        // Who waits for a server, and says which, has one problem.
        let waiting = causes.firstIndex { cause in
            cause.codes == ["messages.waiting"]
                && cause.replicas.allSatisfy { replica in
                    causes.contains { $0.codes != cause.codes && $0.names(replica) }
                }
        }.map { causes.remove(at: $0) }
        return causes.map { cause in
            var sentences: [String] = []
            if !cause.stopped.isEmpty { sentences.append("Not ready: \(names(cause.stopped)).") }
            if !cause.without.isEmpty { sentences.append("Ready, and without it: \(names(cause.without)).") }
            if cause.without.contains(where: { $0.service == "order-accept" }) {
                sentences.append("PostgreSQL takes the orders meanwhile.")
            }
            let meaning = cause.reason.meaning
            var problem = StatusProblem(
                severity: cause.stopped.isEmpty ? .warning : .critical, code: cause.codes[0],
                subject: cause.replicas.map(\.name).joined(separator: " "),
                title: cause.reason.isOfReplica
                    ? "\(names(cause.replicas)): \(meaning)"
                    : meaning.prefix(1).uppercased() + meaning.dropFirst(),
                meaning: "\(sentences.joined(separator: " ")) (\(cause.codes.joined(separator: ", ")))",
                next: cause.reason.next, services: cause.stopped.map { String($0.service) })
            if let waiting, waiting.replicas.contains(where: { cause.names($0) }) {
                problem.effects = ["\(names(waiting.replicas)): a batch waits for it."]
            }
            return problem
        }
    }

    private static func names(_ replicas: [ServiceState]) -> String {
        var services: [(name: Substring, replicas: [String])] = []
        for replica in replicas {
            if let index = services.firstIndex(where: { $0.name == replica.service }) {
                services[index].replicas.append(replica.name)
            } else {
                services.append((replica.service, [replica.name]))
            }
        }
        return services.map { service in
            service.replicas.count > 3
                ? "\(service.replicas.count) replicas of \(service.name)"
                : service.replicas.joined(separator: ", ")
        }.joined(separator: ", ")
    }
}
