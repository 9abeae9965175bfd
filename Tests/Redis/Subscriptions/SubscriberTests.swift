import EventLoop
import TestSupport
import Testing

@testable import Redis

/// Servers that leave a subscription without an answer.
@Loop @Suite struct SubscriberTests {
    enum Fault: CaseIterable {
        /// The confirmation of one channel is lost; everything else is answered.
        case lostConfirmation
        /// A reply begins and never ends: it swallows all that follows.
        case endlessReply
    }

    /// One state, and so one line in the log, for as long as it lasts.
    @Test func aUserWhoMayNotSubscribeIsDown() async throws {
        var isAllowed = false
        let script = Script(.lostConfirmation)
        let server = try await ScriptedServer { text in
            text.contains("SUBSCRIBE") && !isAllowed ? "-NOPERM no\r\n" : script.answer(text)
        }
        defer { server.close() }
        let subscriber = RedisSubscriber(server.configuration)
        var words: [String?] = []
        subscriber.onStateChange = { [unowned subscriber] _ in words.append(subscriber.state.problem?.word) }
        let run = Task { await subscriber.run() }
        try await eventually("the connection") { subscriber.state.isUp }
        await #expect(throws: RedisError.self) { try await subscriber.subscribe("first") }
        try await eventually("it is tried again") { server.accepted > 4 }
        isAllowed = true
        try await eventually("the channel") { subscriber.state.isUp }
        #expect(words.first == .some(nil) && words.last == .some(nil))
        let between = words.dropFirst().dropLast()
        #expect(between.contains("authentication") && between.allSatisfy { $0 != nil })
        run.cancel()
        await run.value
    }

    @Test(arguments: Fault.allCases)
    func aSubscriptionWithoutAnAnswerIsMadeAgain(fault: Fault) async throws {
        let script = Script(fault)
        let server = try await ScriptedServer { script.answer($0) }
        defer { server.close() }
        var configuration = server.configuration
        configuration.keepAlive = .milliseconds(100)
        configuration.subscriptionTimeout = .milliseconds(fault == .lostConfirmation ? 200 : 60_000)
        let subscriber = RedisSubscriber(configuration)
        var restored: [[UInt8]] = []
        subscriber.onRestored = { restored += $0 }
        let run = Task { await subscriber.run() }
        try await eventually("the connection") { subscriber.state.isUp }
        try await subscriber.subscribe("first")
        script.isFaulty = true
        let lost = Task { try? await subscriber.subscribe("second") }
        try await eventually("another connection") { server.accepted >= 2 }
        try await eventually("both channels") {
            Set(restored) == [Array("first".utf8), Array("second".utf8)]
        }
        await lost.value
        run.cancel()
        await run.value
    }
}

@Loop private final class Script {
    var isFaulty = false
    private let fault: SubscriberTests.Fault

    init(_ fault: SubscriberTests.Fault) { self.fault = fault }

    func answer(_ received: String) -> String {
        var words = received.split(separator: "\r\n").filter { !$0.hasPrefix("*") && !$0.hasPrefix("$") }
        if words.isEmpty { return "" }
        let name = words.removeFirst()
        if isFaulty, name == "SUBSCRIBE" {
            isFaulty = false
            return fault == .endlessReply ? "*1000000\r\n" : ""
        }
        switch name {
        case "PING": return "+PONG\r\n"
        case "SUBSCRIBE":
            return words.map { "*3\r\n$9\r\nsubscribe\r\n$\($0.utf8.count)\r\n\($0)\r\n:1\r\n" }.joined()
        default: return "+OK\r\n"
        }
    }
}
