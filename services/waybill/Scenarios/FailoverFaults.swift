import EventLoop
internal import Glibc
import HTTP

/// The scenario's faults and their recovery.
extension FailoverScenario {
    private static let recovery = Duration.seconds(20)

    /// Injects the faults one after another, spread over the time in which orders are placed.
    func injectFaults() async {
        do {
            try await pause(until: 0.15)
            try await inject(SIGKILL, replica: 1, "kill -9")
            try await pause(until: 0.4)
            try await inject(SIGTERM, replica: 2, "SIGTERM")
            try await pause(until: 0.65)
            try await restartRedis()
            try await pause(until: 1)
        } catch {
            fail("\((error as? CommandError)?.message ?? "\(error)")")
        }
        stopOrdering()
    }

    private func pause(until share: Double) async throws {
        let moment = Duration.milliseconds(Int64(Double(plan.seconds) * share * 1000))
        try await Loop.sleep(for: max(.zero, moment - timeline.now))
    }

    private func inject(_ signal: Int32, replica: Int, _ fault: String) async throws {
        let instance = try context.stack.read().notification[replica]
        let began = timeline.now
        let before = (drainNotices: drainNotices, tabs: connections[replica])
        instance.kill(signal)
        note(.fault, "\(fault) \(name(replica)) (pid \(instance.pid)), which has \(before.tabs) tabs")
        try await Watching.until("the end of \(name(replica))'s connections", within: Self.recovery) {
            connections[replica] == 0 || isReplaced(instance, replica)
        }
        try await Watching.until("every tab's reconnection", within: Self.recovery) {
            clients.allSatisfy(\.isConnected)
        }
        let notified = drainNotices - before.drainNotices
        note(
            .recovery,
            "all \(clients.count) tabs are connected again, none was disconnected for longer than "
                + "\(timeline.longestAbsence(since: began)?.milliseconds ?? "0") ms"
                + (notified > 0 ? "; \(notified) had received a reconnect delay" : ""))
        try await Watching.until("\(name(replica))'s restart", within: Self.recovery) {
            isReplaced(instance, replica)
        }
        try await ready(replicas[replica])
        note(.recovery, "\(name(replica)) is ready, restarted by the supervisor")
    }

    private func isReplaced(_ instance: StackFile.Instance, _ replica: Int) -> Bool {
        (try? context.stack.read().notification[replica].pid).map { $0 != instance.pid } ?? false
    }

    /// Waits until a replica is ready.
    func ready(_ base: String) async throws {
        try await Watching.until("\(base) being ready", within: Self.recovery) {
            try? await Loop.sleep(for: .milliseconds(20))
            return (try? await HTTPClient().get("\(base)/health/ready", within: .seconds(1)))?.status == .ok
        }
    }

    private func restartRedis() async throws {
        guard let server = try context.stack.read().servers.first(where: { $0.name == "redis" }) else {
            return
        }
        let (began, before) = (timeline.now, refused)
        _ = kill(server.pid, SIGTERM)
        note(.fault, "Redis is restarted (SIGTERM to pid \(server.pid))")
        try await Watching.until("Redis' restart", within: Self.recovery) {
            try context.stack.read().servers.first { $0.name == "redis" }?.pid != server.pid
        }
        for replica in replicas { try await ready(replica) }
        let lost = timeline.absences.count { $0.from >= began }
        note(
            .recovery,
            "Redis is ready after \((timeline.now - began).milliseconds) ms as the notifiers see it; "
                + "\(lost == 0 ? "no tab lost its connection" : "\(lost) tabs lost their connections"), "
                + "\(refused - before) order attempts had to be retried")
    }
}
