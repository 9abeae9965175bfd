import EventLoop
import Foundation
import Testing

/// The result of one seed.
struct Outcome: Sendable {
    let seed: UInt64
    let hash: UInt64
    var faults: [String]
    var timeline: [String]
    var orders = 0
    var simulated: Double = 0
}

/// What a run is made of; reduced when a seed fails.
struct Plan: Sendable {
    var users = 3
    var tabs = 2
    var orders = 12
    var hasFaults = true
}

@Loop
func simulate(_ seed: UInt64, _ plan: Plan = Plan()) async -> Outcome {
    let (result, hash) = await Simulation.run(seed: seed, limit: .seconds(600)) { await live(plan) }
    switch result {
    case .success(let found):
        return Outcome(
            seed: seed, hash: hash, faults: found.faults, timeline: found.timeline, orders: found.orders,
            simulated: found.seconds)
    case .failure(let stop):
        return Outcome(seed: seed, hash: hash, faults: ["the run ends \(stop)"], timeline: [])
    }
}

struct Life: Sendable {
    var faults: [String] = []
    var timeline: [String] = []
    var orders = 0
    var seconds = 0.0
}

@Loop
private func live(_ plan: Plan) async -> Life {
    var found = Life()
    guard let world = try? World() else { return found }
    world.start(acceptors: 2, processors: 2, notifiers: 2)
    world.addUsers(plan.users, tabs: plan.tabs)
    let faults = Faults(world: world)
    let trouble = Loop.task { if plan.hasFaults { await faults.run() } }
    await world.shop(orders: plan.orders)
    await trouble.value
    // What was begun ends by itself within five seconds.
    try? await Loop.sleep(for: .seconds(6))
    faults.mend()
    let auditor = Auditor(world: world)
    if await !auditor.rest() { found.faults.append(auditor.unrest) }
    found.faults += auditor.faults()
    found.faults += await auditor.faultsOfLists()
    found.orders = world.database.tables.orders.count
    found.seconds = world.seconds(Loop.now)
    if !found.faults.isEmpty {
        found.timeline = world.timeline.map { entry in
            "\(String(format: "%8.3f", world.seconds(entry.at))) s  \(entry.text)"
        }
    }
    await world.end()
    return found
}

@Loop @Suite(.serialized) struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seeds = Int(environment["SEEDS"] ?? "") ?? 300
    private static let first = UInt64(environment["SEED"] ?? "") ?? 1

    @Test func everySeedKeepsEveryPromise() async {
        var orders = 0
        var seconds = 0.0
        let begin = ContinuousClock.now
        for number in 0..<Self.seeds {
            let outcome = await simulate(Self.first + UInt64(number))
            orders += outcome.orders
            seconds += outcome.simulated
            guard !outcome.faults.isEmpty else { continue }
            let timeline = outcome.timeline.joined(separator: "\n")
            Issue.record("seed \(outcome.seed)\n\(outcome.faults.joined(separator: "\n"))\n\(timeline)")
            if Self.environment["KEEP_GOING"] == nil { break }
        }
        let elapsed = begin.duration(to: .now)
        print("\(Self.seeds) seeds, \(orders) orders, \(Int(seconds)) simulated seconds in \(elapsed)")
    }

    @Test(arguments: [1, 2, 3])
    func aSeedIsReplayed(_ seed: UInt64) async {
        let first = await simulate(seed)
        let second = await simulate(seed)
        #expect(first.hash == second.hash && first.orders == second.orders)
    }
}
