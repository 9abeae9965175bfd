import EventLoop
import Foundation
import Testing

/// The result of one seed.
struct Outcome: Sendable {
    let seed: UInt64
    let plan: Plan
    let hash: UInt64
    var faults: [String]
    var timeline: [Timeline.Entry]
    var orders = 0
    var simulated: Double = 0
}

/// What a run is made of; reduced when a seed fails.
struct Plan: Sendable, CustomStringConvertible {
    var users = 3
    var tabs = 2
    /// Of each user.
    var orders = 12
    /// At most.
    var faults = Int.max
    /// Whether all that the clients did and heard is told.
    var isFull = false

    var description: String {
        "\(users) users, \(tabs) tabs, \(orders) orders, \(faults == .max ? "all" : "\(faults)") faults"
    }
}

@Loop
func simulate(_ seed: UInt64, _ plan: Plan = Plan()) async -> Outcome {
    let (result, hash) = await Simulation.run(seed: seed, limit: .seconds(600)) { await live(seed, plan) }
    switch result {
    case .success(let found):
        return Outcome(
            seed: seed, plan: plan, hash: hash, faults: found.faults, timeline: found.timeline,
            orders: found.orders,
            simulated: found.seconds)
    case .failure(let stop):
        return Outcome(seed: seed, plan: plan, hash: hash, faults: ["the run ends \(stop)"], timeline: [])
    }
}

struct Life: Sendable {
    var faults: [String] = []
    var timeline: [Timeline.Entry] = []
    var orders = 0
    var seconds = 0.0
}

/// Of so many seeds one is followed for another minute, to see what its replicas keep.
private let memoryAudits: UInt64 = 4

@Loop
private func live(_ seed: UInt64, _ plan: Plan) async -> Life {
    var found = Life()
    guard let world = try? World(Timeline(isFull: plan.isFull)) else { return found }
    world.start(acceptors: 2, processors: 2, notifiers: 2)
    world.addUsers(plan.users, tabs: plan.tabs)
    let faults = Faults(world: world, limit: plan.faults)
    let trouble = Loop.task { await faults.run() }
    await world.shop(orders: plan.orders)
    await trouble.value
    // What was begun ends by itself within five seconds.
    try? await Loop.sleep(for: .seconds(6))
    faults.mend()
    let auditor = Auditor(world: world)
    if await !auditor.rest() { found.faults.append(auditor.unrest) }
    found.faults += auditor.faults()
    found.faults += await auditor.faultsOfLists()
    if seed.isMultiple(of: memoryAudits) { found.faults += await auditor.faultsOfMemory() }
    found.orders = world.database.tables.orders.count
    found.seconds = world.seconds(Loop.now)
    if !found.faults.isEmpty {
        found.timeline = world.timeline.entries
    }
    await world.end()
    return found
}

@Loop @Suite(.serialized) struct SimulationTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let seeds = Int(environment["SEEDS"] ?? "") ?? 300
    private static let step = max(500, seeds / 50)
    private static let first = UInt64(environment["SEED"] ?? "") ?? 1

    @Test func everySeedKeepsEveryPromise() async {
        var orders = 0
        var seconds = 0.0
        var hash: UInt64 = 0
        let begin = ContinuousClock.now
        for number in 1...Self.seeds {
            let outcome = await simulate(Self.first + UInt64(number - 1))
            orders += outcome.orders
            seconds += outcome.simulated
            hash = (hash &* 31) ^ outcome.hash
            if number.isMultiple(of: Self.step), number < Self.seeds {
                let elapsed = begin.duration(to: .now).seconds
                let left = Int(elapsed / Double(number) * Double(Self.seeds - number))
                say(
                    "\(number) of \(Self.seeds) seeds, \(Int(Double(number) / elapsed)) a second, \(left) s left"
                )
            }
            guard !outcome.faults.isEmpty else { continue }
            let reduced = await reduce(outcome)
            let report = (reduced.faults + reduced.timeline.map(\.line)).joined(separator: "\n")
            Issue.record("seed \(reduced.seed), with \(reduced.plan):\n\(report)\(write(reduced))")
            if Self.environment["KEEP_GOING"] == nil { break }
        }
        let elapsed = begin.duration(to: .now).seconds
        say(
            "\(Self.seeds) seeds, \(orders) orders, \(Int(seconds)) simulated seconds in \(Int(elapsed)) s, hash \(String(hash, radix: 16))"
        )
    }

    /// At once, also to a pipe.
    private func say(_ line: String) { FileHandle.standardOutput.write(Data((line + "\n").utf8)) }

    /// The smallest plan under which the seed still breaks a promise.
    private func reduce(_ outcome: Outcome) async -> Outcome {
        var smallest = outcome
        func consider(_ change: (inout Plan) -> Void) async -> Bool {
            var plan = smallest.plan
            change(&plan)
            let next = await simulate(outcome.seed, plan)
            if next.faults.isEmpty { return false }
            smallest = next
            return true
        }
        for users in 1..<outcome.plan.users { if await consider({ $0.users = users }) { break } }
        for tabs in 0..<outcome.plan.tabs { if await consider({ $0.tabs = tabs }) { break } }
        for orders in 1..<outcome.plan.orders { if await consider({ $0.orders = orders }) { break } }
        for faults in 0..<12 { if await consider({ $0.faults = faults }) { break } }
        _ = await consider { $0.isFull = true }
        return smallest
    }

    /// The same as a page, in the folder TIMELINES.
    private func write(_ outcome: Outcome) -> String {
        guard let folder = Self.environment["TIMELINES"] else { return "" }
        let file = URL(filePath: folder).appending(path: "seed-\(outcome.seed).html")
        do {
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            try Data(outcome.page.utf8).write(to: file)
            return "\n\nAs a page: \(file.path())"
        } catch {
            return "\n\nNo page: \(error)"
        }
    }

    /// Those that found something in an earlier commit; what a seed does has changed with the simulation.
    @Test(arguments: [
        181, 219, 299, 578, 1_447, 2_386, 4_136, 4_931, 5_494, 51_399, 101_555, 111_481, 115_577,
    ])
    func aSeedThatFoundAFaultKeepsEveryPromise(_ seed: UInt64) async {
        let outcome = await simulate(seed)
        #expect(outcome.faults.isEmpty)
    }

    @Test(arguments: [1, 2, 3])
    func aSeedIsReplayed(_ seed: UInt64) async {
        let first = await simulate(seed)
        let second = await simulate(seed)
        #expect(first.hash == second.hash && first.orders == second.orders)
    }
}
