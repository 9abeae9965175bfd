import EventLoop
import MemoryAdapters
import Observability
import Testing

@testable import Service

@Loop @Suite struct ServiceGroupTests {
    let health = Health()
    let shutdown = Shutdown()
    let record = Record()

    private func group(
        _ services: ServiceList, delay: Duration = .zero, drainTimeout: Duration = .seconds(5)
    ) -> ServiceGroup {
        ServiceGroup(
            services, health: health, log: record.log, shutdown: shutdown, shutdownDelay: delay,
            drainTimeout: drainTimeout
        ) { [record] code in record.events.append("terminate \(code)") }
    }

    /// A service that records its calls, and runs until it is cancelled.
    private func recorder(_ name: String) -> TestService {
        TestService(
            start: { [record] in record.events.append("start \(name)") },
            run: { [record] in
                try? await Loop.sleep(for: .seconds(60))
                record.events.append("cancelled \(name)")
            }, drain: { [record] _ in record.events.append("drain \(name)") })
    }

    @Test func startsInOrderAndDrainsInReverse() async {
        let timer = Timer { [shutdown] in shutdown.request(.finished) }
        let last = TestService(start: { [health] in
            #expect(health.phase == .starting("c"))
            timer.arm(after: .zero)
        })
        let code = await group(["a": recorder("a"), "b": recorder("b"), "c": last]).run()
        #expect(code == 0)
        #expect(
            record.events == ["start a", "start b", "drain b", "cancelled b", "drain a", "cancelled a"])
        #expect(health.phase == .draining)
    }

    @Test func isReadyFromStartToShutdownRequest() async {
        let observer = TestService(
            run: { [health, shutdown, record] in
                // The group starts the next service before this task runs.
                while health.phase != .serving { await Task.yield() }
                record.events.append("serving")
                shutdown.request(.finished)
                record.events.append("\(health.phase)")
                try? await Loop.sleep(for: .seconds(60))
            })
        #expect(await group(["observer": observer, "b": recorder("b")]).run() == 0)
        #expect(record.events.prefix(3) == ["start b", "serving", "draining"])
    }

    /// Its servers may be away at the start.
    @Test func readinessIsLoggedWhenItBegins() async {
        var isConnected = false
        health.addServerCheck("redis", problem: { isConnected ? nil : "unreachable" })
        let observer = TestService(
            run: { [health, shutdown, record] in
                while health.phase != .serving { await Task.yield() }
                try? await Loop.sleep(for: .milliseconds(1))
                record.events.append(record.text.contains("service.ready") ? "early" : "silent")
                isConnected = true
                while !record.text.contains("service.ready") { try? await Loop.sleep(for: .milliseconds(1)) }
                shutdown.request(.finished)
            })
        #expect(await group(["observer": observer]).run() == 0)
        #expect(record.events == ["silent"])
    }

    @Test func aFailureAtStartDrainsWhatStarted() async {
        struct Refused: Error {}
        let code = await group([
            "a": recorder("a"), "b": TestService(start: { throw Refused() }), "c": recorder("c"),
        ]).run()
        #expect(code == 1)
        #expect(record.events == ["start a", "drain a", "cancelled a"])
        #expect(record.keys.contains("component.start_failed"))
    }

    @Test func aFailureWhileRunningDrainsAllServices() async {
        struct LostReply: Error {}
        let failing = TestService(
            run: { throw LostReply() }, drain: { [record] _ in record.events.append("drain b") })
        #expect(await group(["a": recorder("a"), "b": failing]).run() == 1)
        #expect(record.events == ["start a", "drain b", "drain a", "cancelled a"])
        #expect(record.keys.contains("component.failed"))
        #expect(shutdown.reason == .failure(component: "b"))
    }

    @Test func anEarlyReturnIsAFailure() async {
        #expect(await group(["a": TestService(run: {})]).run() == 1)
        #expect(record.keys.contains("component.ended"))
    }

    @Test func aSignalDuringStartCancelsIt() async {
        var group: ServiceGroup?
        let timer = Timer { group?.receive(signal: 15) }
        let slow = TestService(start: {
            timer.arm(after: .zero)
            try await Loop.sleep(for: .seconds(60))
        })
        group = self.group(["a": recorder("a"), "b": slow, "c": recorder("c")])
        #expect(await group?.run() == 0)
        group = nil
        #expect(record.events == ["start a", "drain a", "cancelled a"])
    }

    /// Not ready at once, and at work until the delay is over.
    @Test func aSignalIsFollowedByADelay() async {
        var group: ServiceGroup?
        let observer = TestService(
            run: { [health, shutdown, record] in
                while health.phase != .serving { await Task.yield() }
                group?.receive(signal: 15)
                record.events.append("\(health.readiness().status) \(shutdown.isRequested)")
                try? await Loop.sleep(for: .seconds(60))
                record.events.append("cancelled")
            })
        group = self.group(["observer": observer, "b": recorder("b")], delay: .milliseconds(20))
        let start = Loop.now
        #expect(await group?.run() == 0)
        group = nil
        #expect(start.duration(to: Loop.now) >= .milliseconds(20))
        #expect(record.events == ["start b", "draining false", "drain b", "cancelled b", "cancelled"])
        #expect(shutdown.reason == .signal(15) && record.keys.contains("service.leaving"))
    }

    @Test func aSecondSignalCutsTheDelayShort() async {
        var group: ServiceGroup?
        let observer = TestService(
            run: { [health, shutdown] in
                while health.phase != .serving { await Task.yield() }
                group?.receive(signal: 15)
                group?.receive(signal: 15)
                shutdown.request(.finished)
            })
        group = self.group(["observer": observer], delay: .seconds(60))
        _ = await group?.run()
        group = nil
        #expect(record.events == ["terminate 143"])
    }

    /// What has failed serves nobody.
    @Test func aFailureWaitsForNoDelay() async {
        let failing = TestService(run: { throw CancellationError() })
        #expect(await group(["a": failing], delay: .seconds(60)).run() == 1)
    }

    @Test func theSecondSignalEndsTheProcess() {
        let service = group([:])
        service.receive(signal: 15)
        #expect(shutdown.reason == .signal(15) && record.events == [])
        service.receive(signal: 15)
        #expect(record.events == ["terminate 143"])
    }

    @Test func countsATerminalsInterruptAndTheSupervisorsSignalOnce() {
        let service = group([:])
        service.receive(signal: 2)
        service.receive(signal: 15)
        #expect(record.events == [])
        service.receive(signal: 2)
        #expect(record.events == ["terminate 130"])
    }

    @Test func cancelsAndLogsALateDrain() async {
        let slow = TestService(drain: { _ in try? await Loop.sleep(for: .seconds(60)) })
        let last = TestService(start: { [shutdown] in shutdown.request(.signal(15)) })
        let services: ServiceList = ["a": recorder("a"), "slow": slow, "last": last]
        #expect(await group(services, drainTimeout: .milliseconds(10)).run() == 1)
        #expect(record.keys.contains("component.drain_timed_out"))
        #expect(record.events.contains("drain a"))
    }
}

/// The calls in order, and the logged event keys.
@Loop final class Record {
    var events: [String] = []
    private let output = MemoryLogOutput()

    lazy var log = Logger(
        sink: LogSink(
            origin: LogOrigin(service: "s", replica: "r"), format: .text(colours: false), output: output),
        level: .trace)

    nonisolated init() {}

    var text: String {
        log.sink.flush()
        return output.text
    }

    var keys: [String] {
        text.split(separator: "\n").map { line in
            String(line.split(separator: " ", omittingEmptySubsequences: true).dropFirst(2).first ?? "")
        }
    }
}
