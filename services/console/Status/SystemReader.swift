import AMQP
import EventLoop
import JSON
import Messaging
import OrderRecords
import Orders
import Postgres
import Redis

/// Reads the state of the system: services, servers, queues, replicas and what waits in PostgreSQL.
@Loop
final class SystemReader {
    private let queues: QueueDepths
    private let records: RecordState
    private let registry: ReplicaRegistry
    private let services: ServiceProbe
    private let waiting: WaitingOrders
    /// When each queue was last seen empty; milliseconds since 1970.
    private var emptyAt: [OrderTopology.WorkQueue: Int64] = [:]

    init(
        queues: QueueDepths, records: RecordState, registry: ReplicaRegistry, services: ServiceProbe,
        waiting: WaitingOrders
    ) {
        self.waiting = waiting
        self.queues = queues
        self.records = records
        self.registry = registry
        self.services = services
    }

    func read() async -> SystemState {
        // Concurrently, since each may take its whole deadline.
        let services = Loop.task { await self.services.read() }
        let depths = Loop.task { () -> Result<[QueueDepths.Depth], any Error> in
            do { return .success(try await self.queues.read()) } catch { return .failure(error) }
        }
        let replicas = Loop.task { () -> Result<[JSONValue], any Error> in
            do { return .success(try await self.registry.read()) } catch { return .failure(error) }
        }
        let counts = Loop.task { () -> Result<RecordState.Counts, any Error> in
            do { return .success(try await self.records.read()) } catch { return .failure(error) }
        }
        let redisVersion = Loop.task { await self.registry.version() }
        let waiting = Loop.task { try? await self.waiting.backlog(now: WallClock.milliseconds()) }
        var state = SystemState(at: WallClock.milliseconds())
        state.services = await services.value
        let recorded = await counts.value
        state.servers = [
            Self.server("Redis", await replicas.value), Self.server("RabbitMQ", await depths.value),
            Self.server("PostgreSQL", recorded),
        ]
        state.servers[0].version = await redisVersion.value
        state.servers[1].version = queues.version
        state.replicas = try? await replicas.value.get()
        state.waiting = await waiting.value
        if let counts = try? recorded.get() {
            state.outbox = counts.outbox
            state.intake = counts.intake
            state.failures = counts.failures
            state.servers[2].version = counts.version
        }
        if let depths = try? await depths.value.get() {
            state.queues = depths.map { depth in
                let unacked = Self.unacked(of: depth.name, state.services)
                var age = age(of: depth, unacked, state.at, accepted: (try? recorded.get())?.acceptedLast)
                // A consumer that hangs has messages in hand that nobody counts.
                if depth.queue == .accepted, depth.ready > 0 { age = max(age, state.waiting?.age ?? 0) }
                return SystemState.Queue(depth: depth, unacked: unacked, age: age)
            }
        }
        return state
    }

    private static func server(_ name: String, _ answer: Result<some Sendable, any Error>)
        -> SystemState.Server
    {
        switch answer {
        case .success: SystemState.Server(name: name)
        case .failure(let error): SystemState.Server(name: name, error: "\(error)")
        }
    }

    private static func unacked(of queue: String, _ services: [ServiceState]) -> Int {
        let series = "waybill_consumer_unsettled_messages{queue=\"\(queue)\"}"
        return services.reduce(0) { $0 + Int($1.sample(series) ?? 0) }
    }

    /// The oldest message came after the queue was last empty. An order in the queue was also accepted after the one that was
    /// recorded last, unless that was long ago.
    private func age(
        of depth: QueueDepths.Depth, _ unacked: Int, _ now: Int64, accepted: Int64?
    ) -> Int {
        guard depth.ready + unacked > 0 else {
            emptyAt[depth.queue] = now
            return 0
        }
        let begin = emptyAt[depth.queue] ?? now
        emptyAt[depth.queue] = begin
        let bound = depth.queue == .accepted ? max(begin, accepted ?? begin) : begin
        return Int(max(0, now - bound))
    }
}
