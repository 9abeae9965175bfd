import EventLoop
import TestSupport
import Testing

@testable import Redis

@Suite(.timeLimit(.minutes(1))) @Loop struct ConnectionTests {
    @Test func repliesAreInOrderHoweverTheyAreFragmented() async throws {
        let server = try await ScriptedServer.answering { _ in "+A\r\n:2\r\n-ERR th" }
        defer { server.close() }
        let connection = try await RedisConnection.connect(server.configuration)
        defer { connection.close() }
        var order: [Int] = []
        var batch = RedisBatch()
        batch.add("ONE")
        connection.send(batch) { result in
            order.append(1)
            #expect(try! result.get() == [.status("A")])
        }
        var two = RedisBatch()
        two.add("TWO")
        two.add("THREE")
        connection.send(two) { _ in order.append(2) }
        #expect(connection.pendingCommands == 3)
        try await eventually("the first reply") { order == [1] }
        server.push("ree\r\n")
        try await eventually("all replies") { order == [1, 2] }
        #expect(connection.pendingCommands == 0)
    }

    @Test func serverErrorsAreThrownByCommandsAndReturnedByPipelines() async throws {
        let server = try await ScriptedServer.answering { _ in "-WRONGTYPE x\r\n" }
        defer { server.close() }
        let connection = try await RedisConnection.connect(server.configuration)
        defer { connection.close() }
        await #expect(throws: RedisError(.server(prefix: "WRONGTYPE"), "WRONGTYPE x")) {
            try await connection.command("GET", "k")
        }
        let replies = try await connection.pipeline { $0.add("GET", "k") }
        #expect(replies == [.error(RedisError(.server(prefix: "WRONGTYPE"), "WRONGTYPE x"))])
        #expect(connection.isOpen)
    }

    /// Also within the time that the connection had to be made. Replies are ordered.
    @Test(.timeLimit(.minutes(1))) func aLateReplyCostsItsCommandAlone() async throws {
        let server = try await ScriptedServer.answering { _ in "" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.commandTimeout = .milliseconds(50)
        configuration.connectTimeout = .seconds(300)
        let connection = try await RedisConnection.connect(configuration)
        func get(_ key: String) -> RedisBatch {
            var batch = RedisBatch()
            batch.add("GET", key)
            return batch
        }
        var (late, next): (Result<[RedisValue], RedisError>?, Result<[RedisValue], RedisError>?)
        connection.send(get("late")) { late = $0 }
        connection.send(get("k"), deadline: Loop.now + .seconds(60)) { next = $0 }
        try await eventually("the first times out") { late != nil }
        let error = #expect(throws: RedisError.self) { try late?.get() }
        #expect(error?.code == .timeout && connection.isOpen && connection.pendingCommands == 2)
        // Others would have to wait as well.
        let refused = await #expect(throws: RedisError.self) { try await connection.command("GET", "k") }
        #expect(refused?.code == .notConnected && connection.pendingCommands == 2)
        server.push("+LATE\r\n$2\r\nok\r\n")
        try await eventually("the second is answered") { next != nil }
        #expect(try next?.get() == [.bytes(Array("ok".utf8))])
        #expect(connection.pendingCommands == 0 && connection.isOpen)
    }

    @Test(.timeLimit(.minutes(1))) func aCancelledCallerIsResumedAndItsReplyDropped() async throws {
        let server = try await ScriptedServer.answering { _ in "" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.commandTimeout = .seconds(300)
        let connection = try await RedisConnection.connect(configuration)
        let gone = Loop.task { try await connection.command("GET", "a") }
        try await eventually("it is sent") { connection.pendingCommands == 1 }
        gone.cancel()
        let error = await #expect(throws: RedisError.self) { try await gone.value }
        #expect(error?.code == .cancelled && error?.outcomeIsUnknown == true)
        let next = Loop.task { try await connection.command("GET", "b") }
        try await eventually("both wait") { connection.pendingCommands == 2 }
        server.push("+A\r\n+B\r\n")
        #expect(try await next.value == .status("B"))
        #expect(connection.isOpen && connection.pendingCommands == 0)
    }

    /// Nothing comes at all.
    @Test(.timeLimit(.minutes(1))) func aSilentConnectionEnds() async throws {
        let server = try await ScriptedServer.answering { $0.contains("GET") ? "" : "+OK\r\n" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.commandTimeout = .milliseconds(20)
        configuration.keepAlive = .milliseconds(50)
        let connection = try await RedisConnection.connect(configuration)
        _ = try? await connection.command("GET", "k")
        #expect(await connection.closed().code == .timeout)
    }

    @Test func commandsInFlightAtDisconnectAreLost() async throws {
        let server = try await ScriptedServer.answering { _ in nil }
        defer { server.close() }
        let connection = try await RedisConnection.connect(server.configuration)
        let error = await #expect(throws: RedisError.self) { try await connection.command("INCR", "k") }
        #expect(error?.code == .connectionLost && error?.outcomeIsUnknown == true)
        #expect(await connection.closed().code == .connectionLost)
    }

    @Test(arguments: ["?\r\n", "+OK\r\n+UNASKED\r\n"])
    func protocolViolationsCloseTheConnection(answer: String) async throws {
        let server = try await ScriptedServer.answering { _ in answer }
        defer { server.close() }
        let connection = try await RedisConnection.connect(server.configuration)
        _ = try? await connection.command("GET", "k")
        #expect(await connection.closed().code == .protocolViolation)
    }

    @Test func pendingCommandsAreBounded() async throws {
        let server = try await ScriptedServer.answering { _ in "" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.pendingCommands = 3
        let connection = try await RedisConnection.connect(configuration)
        defer { connection.close() }
        var batch = RedisBatch()
        batch.add("PING")
        batch.add("PING")
        connection.send(batch) { _ in }
        var code: RedisError.Code?
        connection.send(batch) { if case .failure(let error) = $0 { code = error.code } }
        #expect(code == .overloaded)
        #expect(connection.pendingCommands == 2)
    }

    @Test func refusedCredentialsFailAuthentication() async throws {
        let server = try await ScriptedServer { _ in "-WRONGPASS no\r\n+PONG\r\n" }
        defer { server.close() }
        var configuration = server.configuration
        configuration.password = "x"
        let error = await #expect(throws: RedisError.self) {
            try await RedisConnection.connect(configuration)
        }
        #expect(error?.code == .authentication)
    }

    @Test func closesWhenAPingIsNotAnswered() async throws {
        let answers = Answers()
        let server = try await ScriptedServer { _ in answers.next() }
        defer { server.close() }
        var configuration = server.configuration
        configuration.keepAlive = .milliseconds(200)
        let connection = try await RedisConnection.connect(configuration)
        // The first PING belongs to the handshake.
        try await eventually("pings are answered") { answers.count >= 3 }
        #expect(connection.isOpen)
        answers.areOff = true
        #expect(await connection.closed().code == .timeout)
    }

    @Test func connectFailsWhenThePortIsClosed() async throws {
        let server = try await ScriptedServer { _ in nil }
        let configuration = server.configuration
        server.close()
        let error = await #expect(throws: RedisError.self) {
            try await RedisConnection.connect(configuration)
        }
        #expect(error?.code == .notConnected)
    }
}

@Loop
private final class Answers {
    var areOff = false
    private(set) var count = 0

    func next() -> String {
        guard !areOff else { return "" }
        count += 1
        return "+PONG\r\n"
    }
}
