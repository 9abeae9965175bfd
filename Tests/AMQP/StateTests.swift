import EventLoop
import Testing

@testable import AMQP

@Suite struct HandshakeTests {
    private static let capabilities: AMQPTable = ["publisher_confirms": true, "basic.nack": true]

    private func start(
        mechanisms: String = "AMQPLAIN PLAIN", capabilities: AMQPTable = capabilities, minor: UInt8 = 9
    ) -> AMQPServerMethod {
        .connectionStart(
            major: 0, minor: minor,
            properties: ["product": "RabbitMQ", "version": "3.10.8", "capabilities": .table(capabilities)],
            mechanisms: mechanisms)
    }

    private func handshake(heartbeat: UInt16 = 10) -> AMQPHandshake {
        AMQPHandshake(user: "u", password: "p", virtualHost: "v", connectionName: "n", heartbeat: heartbeat)
    }

    @Test func opensWithPlainAndTheSmallerLimits() throws {
        var handshake = handshake()
        guard case .send(let first) = try handshake.receive(start()),
            case .connectionStartOk(let properties, "PLAIN", let response, _) = first[0]
        else { throw AMQPError(.protocolViolation) }
        #expect(response == [0, 0x75, 0, 0x70] && handshake.isAuthenticating)
        guard case .table(let offered)? = properties["capabilities"] else { throw AMQPError(.closed) }
        for name in ["publisher_confirms", "basic.nack", "connection.blocked", "consumer_cancel_notify"] {
            #expect(offered[name] == true)
        }
        let second = try handshake.receive(.connectionTune(channelMax: 100, frameMax: 8192, heartbeat: 60))
        #expect(
            second
                == .send([
                    .connectionTuneOk(channelMax: 100, frameMax: 8192, heartbeat: 10),
                    .connectionOpen(virtualHost: "v"),
                ]))
        #expect(
            try handshake.receive(.connectionOpenOk)
                == .done(
                    .init(
                        frameMax: 8192, channelMax: 100, heartbeat: 10, server: "RabbitMQ 3.10.8",
                        serverMajor: 3)))
    }

    @Test(
        arguments: [(10, 60, 10), (60, 10, 10), (0, 10, 10), (10, 0, 10), (0, 0, 0)]
            as [(UInt16, UInt16, UInt16)])
    func heartbeats(mine: UInt16, theirs: UInt16, expected: UInt16) throws {
        var handshake = handshake(heartbeat: mine)
        _ = try handshake.receive(start())
        let step = try handshake.receive(.connectionTune(channelMax: 0, frameMax: 0, heartbeat: theirs))
        guard case .send(let methods) = step,
            case .connectionTuneOk(let channelMax, let frameMax, let heartbeat) = methods[0]
        else { throw AMQPError(.protocolViolation) }
        #expect(heartbeat == expected && channelMax == 2047 && frameMax == UInt32(AMQPCodec.frameLimit))
    }

    @Test func refusesUnsupportedBrokers() {
        let faults = [
            start(mechanisms: "EXTERNAL"), start(capabilities: ["basic.nack": true]), start(minor: 8),
            .connectionOpenOk,
        ]
        for fault in faults {
            var handshake = handshake()
            #expect(throws: AMQPError.self) { _ = try handshake.receive(fault) }
        }
    }

    @Test(
        arguments: [(403, .authenticationFailed), (530, .authenticationFailed), (541, .connectionFailed)]
            as [(UInt16, AMQPError.Code)])
    func mapsReplyCodesToErrorCodes(replyCode: UInt16, code: AMQPError.Code) throws {
        let problem = AMQPError(code, replyCode: replyCode, "text").problem
        #expect(problem == [403: "authentication", 530: "vhost", 541: "unreachable"][replyCode])
        var handshake = handshake()
        _ = try handshake.receive(start())
        #expect(throws: AMQPError(code, replyCode: replyCode, "text")) {
            _ = try handshake.receive(.connectionClose(replyCode: replyCode, replyText: "text"))
        }
    }
}

@Suite struct HeartbeatTests {
    @Test func sendsAHeartbeatOnlyWhenIdle() {
        var heartbeat = Heartbeat()
        #expect(heartbeat.tick() == Heartbeat.Action.idle)
        #expect(heartbeat.tick() == .send)
        heartbeat.recordWritten()
        #expect(heartbeat.tick() == Heartbeat.Action.idle)
    }

    @Test func twoSilentIntervalsLoseTheConnection() {
        var heartbeat = Heartbeat()
        // The first tick counts the handshake's bytes; four half intervals without any follow.
        let actions = (0..<5).map { _ in heartbeat.tick() }
        #expect(actions == [.idle, .send, .send, .send, .lost])
        var alive = Heartbeat()
        for _ in 0..<20 {
            for _ in 0..<3 { #expect(alive.tick() != .lost) }
            alive.recordReceived()
        }
    }
}

@Suite struct URLTests {
    @Test func parsesEveryPartOfAURL() throws {
        let parts = try AMQPURLParts("amqps://us%40er:p%3Aw@rabbit.example:5673/v%2Fh")
        #expect(parts.isSecure && parts.user == "us@er" && parts.password == "p:w")
        #expect(
            parts.endpoints == [Endpoint(host: "rabbit.example", port: 5673)] && parts.virtualHost == "v/h")
        let cluster = try AMQPURLParts("amqps://r1,r2:1/v")
        #expect(cluster.endpoints.map(\.description) == ["r1:5671", "r2:1"])
    }

    @Test func appliesURLDefaults() throws {
        let parts = try AMQPURLParts("amqp://localhost")
        #expect(parts.endpoints[0].port == 5672 && parts.virtualHost == "/" && parts.user == "guest")
        #expect(try AMQPURLParts("amqp://[::1]/").endpoints[0].host == "::1")
        #expect(try AMQPURLParts("amqps://h").endpoints[0].port == 5671)
    }

    @Test(arguments: ["", "http://h", "amqp://", "amqp://u:p@h:port", "amqp://u%zz@h", "amqp://h:99999"])
    func refuses(url: String) {
        #expect(throws: AMQPError.self) { _ = try AMQPURLParts(url) }
    }
}

@Suite struct TopologyTests {
    @Test func aWorkQueueDeclaresItsRetryAndDeadLetterQueues() {
        var topology = AMQPTopology()
        topology.addWorkQueue(
            "q", kind: .quorum, retryDelays: [.seconds(1), .seconds(60), .milliseconds(250)])
        #expect(
            topology.queues.map(\.name) == [
                "q", "q.dlq", "q.dead", "q.retry.1s", "q.retry.60s", "q.retry.250ms",
            ])
        for queue in topology.queues where queue.arguments["x-dead-letter-exchange"] != nil {
            #expect(queue.arguments["x-dead-letter-strategy"] == "at-least-once")
            #expect(queue.arguments["x-overflow"] == "reject-publish")
        }
        #expect(topology.queues[0].arguments["x-dead-letter-routing-key"] == "q.dead")
        #expect(topology.queues[1].arguments["x-dead-letter-exchange"] == nil)
        #expect(topology.queues[2].arguments["x-dead-letter-routing-key"] == "q.dlq")
        #expect(topology.queues[3].arguments["x-dead-letter-routing-key"] == "q")
        #expect(topology.queues[3].arguments["x-message-ttl"] == 1000)
    }

    @Test func classicQueuesHaveNoArgumentsOfQuorumQueues() {
        var topology = AMQPTopology()
        topology.addWorkQueue("q", kind: .classic, retryDelays: [.seconds(1)])
        for queue in topology.queues {
            #expect(queue.arguments["x-queue-type"] == "classic")
            #expect(queue.arguments["x-dead-letter-strategy"] == nil)
            #expect(queue.arguments["x-delivery-limit"] == nil)
        }
    }
}
