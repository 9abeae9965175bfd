import EventLoop
import Observability

/// A process of the pipeline: it can be killed between any two steps, paused by its links, and started again.
@Loop
class SimulatedReplica {
    let name: String
    let world: World
    let process = Liveness()
    private(set) lazy var redisLink = Link(process, world.redis.server)
    private(set) lazy var brokerLink = Link(process, world.broker.server)
    private(set) lazy var databaseLink = Link(process, world.database.server)
    private var tasks: [Task<Void, Never>] = []

    init(_ name: String, _ world: World) {
        self.name = name
        self.world = world
    }

    var isAlive: Bool { process.isAlive }
    var links: [Link] { [redisLink, brokerLink, databaseLink] }

    func run(_ body: @escaping @Loop () async throws -> Void) {
        tasks.append(Loop.task { try? await body() })
    }

    /// SIGKILL. What the servers see of it comes later.
    func kill() {
        process.kill()
        Loop.task { [self] in
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: 1...500)))
            await disappear()
        }
    }

    /// A connection that was parted is made anew.
    func reconnected(_ link: Link) {}

    /// The servers notice that the process is gone.
    func disappear() async { world.database.tables.releaseLocks(of: process) }

    /// After the run.
    func end() async {
        process.kill()
        for task in tasks { task.cancel() }
        process.bury()
        await disappear()
        for task in tasks { await task.value }
    }
}
