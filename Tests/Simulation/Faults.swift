import EventLoop
import MemoryAdapters

/// What goes wrong while the clients work, and is mended after a while.
@Loop
struct Faults {
    private let world: World
    private let limit: Int
    /// Milliseconds between two.
    private let pause = 200...6_000

    /// - Parameter limit: how many happen at most.
    init(world: World, limit: Int) {
        self.world = world
        self.limit = limit
    }

    enum Kind: CaseIterable {
        case killAcceptor, killProcessor, killNotifier
        case stopRedis, freezeRedis, redisLosesLastWrites, redisLosesEverything, redisEvicts, dropChannels
        case stopBroker, freezeBroker, blockBroker, electLeader, dropConsumer, poison
        case stopDatabase, freezeDatabase, promoteStandby, abortTransactions
        case cutLink, slowServer, dropTab, moveClock, save
    }

    func run() async {
        world.redis.save()
        var left = limit
        while left > 0, !world.isClosing, !Task.isCancelled {
            try? await Loop.sleep(for: .milliseconds(Int.drawn(in: pause)))
            if world.isClosing { return }
            left -= 1
            let kind = Array(Kind.allCases).drawn()
            Loop.task { await happen(kind) }
        }
    }

    private func lasting(_ range: ClosedRange<Int> = 50...5_000) async {
        try? await Loop.sleep(for: .milliseconds(Int.drawn(in: range)))
    }

    private func happen(_ kind: Kind) async {
        switch kind {
        case .killAcceptor: await kill(world.acceptors.first, world.startAcceptor)
        case .killProcessor: await kill(world.processors.first, world.startProcessor)
        case .killNotifier: await kill(world.notifiers.first, world.startNotifier)
        case .stopRedis: await stop(world.redis.server, world.redis.stop, world.redis.start)
        case .redisLosesLastWrites:
            await loseData("Redis has lost its last writes", world.redis.loseLastWrites)
        case .redisLosesEverything:
            await loseData("Redis has lost everything", world.redis.loseEverything)
        case .redisEvicts:
            world.note("Redis evicts")
            world.redis.tick()
            // Without the marks of what was delivered: an outcome that comes again would be told again.
            world.redis.state.evict { !$0.hasPrefix("notify:") && drawn(onceIn: 3) }
            world.lossAt = Loop.now
        case .dropChannels:
            world.note("the subscriptions are lost")
            world.redis.dropChannels()
        case .freezeRedis: await freeze(world.redis.server)
        case .stopBroker: await stop(world.broker.server, world.broker.stop, world.broker.start)
        case .freezeBroker: await freeze(world.broker.server)
        case .blockBroker:
            world.note("RabbitMQ has an alarm")
            world.broker.isBlocked = true
            await lasting()
            world.broker.isBlocked = false
        case .electLeader:
            world.note("a queue of RabbitMQ elects its leader")
            world.broker.isElecting = true
            await lasting(50...3_000)
            world.broker.isElecting = false
        case .dropConsumer:
            world.note("a consumer's connection is lost")
            world.broker.dropConnection()
        case .stopDatabase:
            await stop(world.database.server, world.database.stop, world.database.server.start)
        case .freezeDatabase: await freeze(world.database.server)
        case .promoteStandby:
            await stop(world.database.server, world.database.stop) {
                world.note("PostgreSQL's sequence is behind")
                world.database.tables.setSequenceBack()
                world.database.server.start()
            }
        case .abortTransactions:
            world.note("PostgreSQL aborts transactions")
            world.database.isContended = true
            await lasting(50...3_000)
            world.database.isContended = false
        case .poison: await world.publishPoison()
        case .cutLink:
            let links = world.replicas.flatMap { replica in replica.links.map { (replica, $0) } }
            guard !links.isEmpty else { return }
            let (replica, link) = links.drawn()
            guard !link.isCut else { return }
            world.note("\(replica.name) and \(link.server.name) are parted")
            link.cut()
            await lasting()
            link.mend()
            replica.reconnected(link)
        case .slowServer:
            let server = [world.redis.server, world.broker.server, world.database.server].drawn()
            world.note("\(server.name) is slow")
            let usual = server.latency
            server.latency = 5_000...150_000
            await lasting(50...3_000)
            server.latency = usual
        case .dropTab: if !world.tabs.isEmpty { world.tabs.drawn().drop() }
        case .moveClock:
            let step = Int.drawn(in: -1_500...1_500)
            world.note("the clock moves by \(step) ms")
            Simulation.moveWallClock(by: .milliseconds(step))
        case .save: world.redis.save()
        }
    }

    private func kill(_ replica: SimulatedReplica?, _ start: () -> Void) async {
        guard let replica else { return }
        world.kill(replica)
        await lasting()
        start()
    }

    private func loseData(_ note: String, _ lose: () -> Void) async {
        await stop(world.redis.server, world.redis.stop) {
            world.note(note)
            lose()
            world.lossAt = Loop.now
            world.redis.start()
        }
    }

    private func stop(_ server: SimulatedServer, _ stop: () -> Void, _ start: () -> Void) async {
        guard server.isUp else { return }
        world.note("\(server.name) stops")
        stop()
        await lasting()
        world.note("\(server.name) starts")
        start()
    }

    private func freeze(_ server: SimulatedServer) async {
        guard server.isUp, !server.isSilent else { return }
        world.note("\(server.name) is silent")
        server.freeze()
        await lasting()
        server.thaw()
    }

    /// Everything works again.
    func mend() {
        world.note("everything is mended")
        for server in [world.redis.server, world.broker.server, world.database.server] {
            server.latency = 100...1_500
            if server.isSilent { server.thaw() }
        }
        if !world.redis.server.isUp { world.redis.start() }
        if !world.broker.server.isUp { world.broker.start() }
        if !world.database.server.isUp { world.database.server.start() }
        world.broker.isBlocked = false
        world.broker.isElecting = false
        world.database.isContended = false
        for replica in world.replicas {
            for link in replica.links where link.isCut {
                link.mend()
                replica.reconnected(link)
            }
        }
        if world.acceptors.isEmpty { world.startAcceptor() }
        if world.processors.isEmpty { world.startProcessor() }
        if world.notifiers.isEmpty { world.startNotifier() }
    }
}
