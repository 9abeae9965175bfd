import EventLoop
import Observability
import OrderEvents
import Orders

@testable import OrderAccept

/// The edge: one replica after the other, as its configuration says.
@Loop
final class SimulatedEdge {
    private unowned let world: World
    /// Until the second replica is asked.
    private static let early = Duration.milliseconds(280)
    private static let limit = Duration.seconds(5)
    private var lastKey = 0

    init(_ world: World) { self.world = world }

    /// Nil when no replica answered.
    private func ask<Answer: Sendable>(
        _ replica: AcceptReplica, within limit: Duration,
        _ body: @escaping @Loop (AcceptReplica) async -> Answer
    ) async -> Answer? {
        let answers = WaiterQueue<Answer>()
        let end = Loop.now + limit
        replica.run {
            try? await Loop.sleep(for: .microseconds(Int.drawn(in: 100...1_000)))
            await replica.process.checkpoint()
            let answer = await body(replica)
            await replica.process.checkpoint()
            try? await Loop.sleep(for: .microseconds(Int.drawn(in: 100...1_000)))
            answers.resumeFirst(returning: answer)
        }
        guard case .value(let answer) = await answers.wait(until: end) else { return nil }
        return answer
    }

    /// A query, or a change that may be repeated.
    func ask<Answer: Sendable>(_ body: @escaping @Loop (AcceptReplica) async -> Answer) async -> Answer? {
        guard let first = world.liveAcceptor() else { return nil }
        if let answer = await ask(first, within: .seconds(1), body) { return answer }
        guard let second = world.liveAcceptor(other: first) else { return nil }
        return await ask(second, within: .seconds(1), body)
    }

    func post(_ quantity: Int, of user: UserID, key: String?) async -> Purchase.Answer {
        guard let request = try? world.request(quantity: quantity), let first = world.liveAcceptor() else {
            return .refused
        }
        lastKey += 1
        let edgeKey = "edge-\(lastKey)"
        func place(_ isRepeated: Bool) -> @Loop (AcceptReplica) async -> Purchase.Answer {
            { accept in
                do throws(PlacementError) {
                    let placed = try await accept.placement.place(
                        request, from: user, key: key,
                        attempt: EdgeAttempt(key: edgeKey, isRepeated: isRepeated),
                        trace: .root(), cause: "")
                    guard let order = try? Order(decoding: placed.document.span, customer: user) else {
                        return .unknown
                    }
                    return .accepted(placed.orderID, order.correlationID)
                } catch {
                    switch error {
                    case .noCatalogue, .noIdentifiers, .refused, .pricing: return .refused
                    case .requestInProgress: return .busy
                    case .inDoubt, .keyTaken, .keyReused: return .unknown
                    }
                }
            }
        }
        if let answer = await ask(first, within: Self.early, place(false)) { return answer }
        // What the first one did is not known.
        guard let second = world.liveAcceptor(other: first) else { return .unknown }
        return await ask(second, within: Self.limit, place(true)) ?? .unknown
    }
}
