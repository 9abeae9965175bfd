import EventLoop
import Observability
import Testing

@testable import Service

@Loop @Suite struct LifecycleTests {
    let health = Health()
    let shutdown = Shutdown()
    let record = Record()

    private func lifecycle(_ components: [Component], drainTimeout: Duration = .seconds(5)) -> Lifecycle {
        Lifecycle(
            components, health: health, log: record.log, shutdown: shutdown, drainTimeout: drainTimeout
        ) { [record] code in record.events.append("terminate \(code)") }
    }

    /// A component that notes what is asked of it, and runs until it is cancelled.
    private func component(_ name: String) -> Component {
        Component(
            name, start: { [record] in record.events.append("start \(name)") },
            run: { [record] in
                try? await Loop.sleep(for: .seconds(60))
                record.events.append("cancelled \(name)")
            }, drain: { [record] _ in record.events.append("drain \(name)") })
    }

    @Test func startsInOrderAndDrainsInReverse() async {
        let last = Component(
            "c",
            start: { [shutdown, health] in
                #expect(health.phase == .starting("c"))
                Timer { shutdown.request(.finished) }.arm(after: .zero)
            })
        let code = await lifecycle([component("a"), component("b"), last]).run()
        #expect(code == 0)
        #expect(
            record.events == ["start a", "start b", "drain b", "cancelled b", "drain a", "cancelled a"])
        #expect(health.phase == .draining)
    }

    @Test func isReadyOnceAllHasStartedAndNoLongerWhenTold() async {
        let observer = Component(
            "observer",
            run: { [health, shutdown, record] in
                // The runner goes on to the next component before this task has its turn.
                while health.phase != .serving { await Task.yield() }
                record.events.append("serving")
                shutdown.request(.finished)
                record.events.append("\(health.phase)")
                try? await Loop.sleep(for: .seconds(60))
            })
        #expect(await lifecycle([observer, component("b")]).run() == 0)
        #expect(record.events.prefix(3) == ["start b", "serving", "draining"])
    }

    @Test func aFailureAtStartDrainsWhatStarted() async {
        struct Refused: Error {}
        let code = await lifecycle([
            component("a"), Component("b", start: { throw Refused() }), component("c"),
        ]).run()
        #expect(code == 1)
        #expect(record.events == ["start a", "drain a", "cancelled a"])
        #expect(record.keys.contains("component.start_failed"))
    }

    @Test func aFailureWhileRunningBringsTheServiceDown() async {
        struct LostReply: Error {}
        let failing = Component(
            "b", run: { throw LostReply() }, drain: { [record] _ in record.events.append("drain b") })
        #expect(await lifecycle([component("a"), failing]).run() == 1)
        #expect(record.events == ["start a", "drain b", "drain a", "cancelled a"])
        #expect(record.keys.contains("component.failed"))
        #expect(shutdown.reason == .failure(component: "b"))
    }

    @Test func anEarlyEndIsAFailureToo() async {
        #expect(await lifecycle([Component("a", run: {})]).run() == 1)
        #expect(record.keys.contains("component.ended"))
    }

    @Test func aSignalDuringStartCancelsIt() async {
        var service: Lifecycle?
        let slow = Component(
            "b",
            start: {
                Timer { service?.receive(signal: 15) }.arm(after: .zero)
                try await Loop.sleep(for: .seconds(60))
            })
        service = lifecycle([component("a"), slow, component("c")])
        #expect(await service?.run() == 0)
        service = nil
        #expect(record.events == ["start a", "drain a", "cancelled a"])
    }

    @Test func theSecondSignalEndsTheProcess() {
        let service = lifecycle([])
        service.receive(signal: 15)
        #expect(shutdown.reason == .signal(15) && record.events == [])
        service.receive(signal: 15)
        #expect(record.events == ["terminate 143"])
    }

    @Test func aTerminalsInterruptAndItsSupervisorsSignalAreOne() {
        let service = lifecycle([])
        service.receive(signal: 2)
        service.receive(signal: 15)
        #expect(record.events == [])
        service.receive(signal: 2)
        #expect(record.events == ["terminate 130"])
    }

    @Test func aDrainThatIsLateIsCancelledAndTold() async {
        let slow = Component("slow", drain: { _ in try? await Loop.sleep(for: .seconds(60)) })
        let last = Component("last", start: { [shutdown] in shutdown.request(.signal(15)) })
        #expect(await lifecycle([component("a"), slow, last], drainTimeout: .milliseconds(10)).run() == 1)
        #expect(record.keys.contains("component.drain_timed_out"))
        #expect(record.events.contains("drain a"))
    }
}

/// What happened, in order, and the keys that were logged.
@Loop final class Record {
    var events: [String] = []
    private let output = Lines()

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

@Loop private final class Lines: LogOutput {
    private(set) var text = ""
    let chunk = 1 << 16

    nonisolated init() {}

    func write(_ bytes: ArraySlice<UInt8>) -> Int {
        text += String(decoding: bytes, as: UTF8.self)
        return bytes.count
    }

    func wait(milliseconds: Int32) -> Bool { true }
}
