/// The client's side of opening a connection (AMQP 0-9-1, section 2.2.4), without I/O.
struct AMQPHandshake: Sendable {
    /// The negotiated parameters.
    struct TuneParameters: Sendable, Equatable {
        var frameMax: Int
        var channelMax: UInt16
        /// Seconds; zero: none.
        var heartbeat: UInt16
        /// The broker's product and version, for a log line.
        var server: String
        /// The first number of the version; zero when it is not known.
        var serverMajor = 0
    }

    enum Step: Sendable, Equatable {
        case send([AMQPClientMethod])
        case done(TuneParameters)
    }

    private enum Phase: Sendable { case awaitingStart, awaitingTune, awaitingOpenOk, done }

    private let user: String
    private let password: String
    private let virtualHost: String
    private let connectionName: String
    private var phase = Phase.awaitingStart
    private var tuneParameters: TuneParameters

    /// - Parameter heartbeat: requested seconds; the smaller of both sides' applies, unless the other is
    ///   zero.
    init(user: String, password: String, virtualHost: String, connectionName: String, heartbeat: UInt16) {
        self.user = user
        self.password = password
        self.virtualHost = virtualHost
        self.connectionName = connectionName
        tuneParameters = TuneParameters(
            frameMax: AMQPCodec.frameLimit, channelMax: 2047, heartbeat: heartbeat, server: "unknown")
    }

    /// Whether the credentials have been sent: a broker that closes without a reply then has refused the
    /// login.
    var isAuthenticating: Bool { phase == .awaitingTune }

    mutating func receive(_ method: AMQPServerMethod) throws(AMQPError) -> Step {
        switch (phase, method) {
        case (.awaitingStart, .connectionStart(let major, let minor, let properties, let mechanisms)):
            guard major == 0, minor == 9 else {
                throw AMQPError(.protocolViolation, "the broker speaks \(major)-\(minor)")
            }
            try check(properties, mechanisms)
            phase = .awaitingTune
            return .send([startOk()])
        case (.awaitingTune, .connectionTune(let channelMax, let frameMax, let heartbeat)):
            tuneParameters.channelMax = Self.smaller(tuneParameters.channelMax, channelMax)
            tuneParameters.frameMax = min(
                AMQPCodec.frameLimit, frameMax == 0 ? AMQPCodec.frameLimit : Int(frameMax))
            guard tuneParameters.frameMax >= 4096 else {
                throw AMQPError(.protocolViolation, "frame-max under the protocol's minimum")
            }
            tuneParameters.heartbeat = Self.smaller(tuneParameters.heartbeat, heartbeat)
            phase = .awaitingOpenOk
            return .send([
                .connectionTuneOk(
                    channelMax: tuneParameters.channelMax, frameMax: UInt32(tuneParameters.frameMax),
                    heartbeat: tuneParameters.heartbeat),
                .connectionOpen(virtualHost: virtualHost),
            ])
        case (.awaitingOpenOk, .connectionOpenOk):
            phase = .done
            return .done(tuneParameters)
        case (_, .connectionClose(let replyCode, let replyText)):
            // 403 access-refused: the login; 530 not-allowed: the virtual host.
            let code: AMQPError.Code =
                [403, 530].contains(replyCode) ? .authenticationFailed : .connectionFailed
            throw AMQPError(code, replyCode: replyCode, replyText)
        default:
            throw AMQPError(.protocolViolation, "unexpected method in the handshake")
        }
    }

    private mutating func check(_ properties: AMQPTable, _ mechanisms: String) throws(AMQPError) {
        guard mechanisms.split(separator: " ").contains("PLAIN") else {
            throw AMQPError(.authenticationFailed, "the broker does not offer PLAIN")
        }
        tuneParameters.server =
            "\(properties["product"]?.string ?? "unknown") \(properties["version"]?.string ?? "")"
        tuneParameters.serverMajor =
            properties["version"]?.string?.split(separator: ".").first.flatMap { Int($0) } ?? 0
        guard case .table(let capabilities)? = properties["capabilities"] else {
            throw AMQPError(.protocolViolation, "the broker announces no capabilities")
        }
        for capability in ["publisher_confirms", "basic.nack"] where capabilities[capability] != .bool(true) {
            throw AMQPError(.protocolViolation, "the broker lacks \(capability)")
        }
    }

    private func startOk() -> AMQPClientMethod {
        .connectionStartOk(
            properties: [
                "product": "waybill", "connection_name": .string(connectionName),
                "capabilities": .table([
                    "publisher_confirms": true, "basic.nack": true, "connection.blocked": true,
                    "consumer_cancel_notify": true, "authentication_failure_close": true,
                ]),
            ],
            mechanism: "PLAIN", response: [0] + Array(user.utf8) + [0] + Array(password.utf8), locale: "en_US"
        )
    }

    /// Zero means "no limit" on the wire.
    private static func smaller(_ mine: UInt16, _ theirs: UInt16) -> UInt16 {
        if mine == 0 || theirs == 0 { max(mine, theirs) } else { min(mine, theirs) }
    }
}
