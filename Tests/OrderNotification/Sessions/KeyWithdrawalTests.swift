import EventLoop
import HTTP
import Identity
import JOSE
import JSON
import TestSupport
import Testing

@testable import OrderNotification

/// What becomes of open sessions when the issuer withdraws a key, or is away.
@Loop @Suite(.endsItsSessions) struct KeyWithdrawalTests {
    private let leaked: SigningKey
    private let kept: SigningKey
    private let source: TestKeySource
    private let replica: Replica

    init() async throws {
        leaked = try .generate(.es256, id: "leaked")
        kept = try .generate(.es256, id: "kept")
        source = TestKeySource(KeySet([leaked.verificationKey, kept.verificationKey]))
        let authenticator = Authenticator(keySource: source, rules: Replica.rules)
        try await authenticator.prepare()
        replica = try Replica(authenticator: authenticator)
    }

    private func token(_ key: SigningKey) throws -> String {
        try TokenIssuer(key: key, issuer: Replica.rules.issuer, audience: Replica.rules.audience)
            .token(for: "ada", now: WallClock.seconds())
    }

    private func open(_ key: SigningKey) async throws -> (Session, Recorder) {
        let (session, tab) = replica.open(nil)
        session.hear(#"{"type":"auth","token":"\#(try token(key))"}"#)
        try await eventually("the session is live") { session.isLive }
        return (session, tab)
    }

    @Test func theSessionsOfAWithdrawnKeyEnd() async throws {
        let (_, thief) = try await open(leaked)
        let (owner, tab) = try await open(kept)
        let (renewed, other) = try await open(leaked)
        renewed.hear(#"{"type":"refresh","token":"\#(try token(kept))"}"#)
        try await eventually("the new token is taken") { !other.messages("refreshed").isEmpty }

        // One whose handshake is not done, as of a hub's client.
        let principal = try await replica.sessions.authenticator.authenticate(try token(leaked))
        let waiting = Session(
            .signalR, replica.sessions, HandshakeContext(.principal(principal), .latest), address: nil)
        let hub = Recorder()
        waiting.opened(on: hub)

        source.onChange?(KeySet([kept.verificationKey]))
        #expect(thief.end?.0 == .unauthenticated && hub.end?.0 == .unauthenticated)
        #expect(owner.isLive && tab.end == nil && renewed.isLive && other.end == nil)
    }

    /// The issuer's answer takes longer than the token lasts.
    @Test func aRefreshThatCameInTimeIsWaitedFor() async throws {
        let (session, tab) = try await open(kept)
        let answer = AsyncSignal()
        source.isWaitingFor = answer
        let next = try SigningKey.generate(.es256, id: "next")
        session.hear(#"{"type":"refresh","token":"\#(try token(next))"}"#)
        try await eventually("the keys are asked for") { source.isWaiting }
        replica.sessions.tick(session.expiresAt)
        #expect(session.isLive)
        source.current = KeySet([kept.verificationKey, next.verificationKey])
        answer.set()
        try await eventually("the answer") { !tab.messages("refreshed").isEmpty }

        source.isWaitingFor = AsyncSignal()
        session.hear(#"{"type":"refresh","token":"\#(try token(try .generate(.es256, id: "none")))"}"#)
        replica.sessions.tick(session.expiresAt + 9)
        #expect(session.isLive)
        replica.sessions.tick(session.expiresAt + 10)
        #expect(tab.end?.0 == .unauthenticated)
        source.isWaitingFor?.set()
    }

    /// The token that a session has is good for as long as it says.
    @Test func aRefreshWhileTheIssuerIsAwayEndsNothing() async throws {
        let (session, tab) = try await open(kept)
        source.isAway = true
        session.hear(#"{"type":"refresh","token":"\#(try token(try .generate(.es256, id: "new")))"}"#)
        try await eventually("the answer") { !tab.messages("error").isEmpty }
        #expect(tab.messages("error").first?["code"]?.string == "unavailable" && session.isLive)

        let (_, newcomer) = replica.open(nil)
        replica.sessions.all.last?.hear(
            #"{"type":"auth","token":"\#(try token(try .generate(.es256, id: "new")))"}"#)
        try await eventually("the end") { newcomer.end != nil }
        #expect(newcomer.end?.0 == .tryAgainLater)
    }
}

@Loop private final class TestKeySource: KeySource {
    var current: KeySet
    var isAway = false
    /// Answers come after it.
    var isWaitingFor: AsyncSignal?
    private(set) var isWaiting = false
    var onChange: (@Loop (KeySet?) -> Void)?

    init(_ keys: KeySet) { current = keys }

    func keys() async throws(AuthenticationError) -> KeySet { current }

    func rotatedKeys() async throws(AuthenticationError) -> KeySet {
        if isAway { throw .unavailable }
        isWaiting = true
        await isWaitingFor?.wait()
        return current
    }
}
