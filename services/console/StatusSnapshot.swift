import AMQP
import EventLoop
import JSON
import OrderRecords
import Orders
import Redis

/// The state of services, queues, replicas and outbox; a server that does not answer is listed under `away`.
@Loop
struct StatusSnapshot {
    let queues: QueueDepths
    let outbox: any Outbox
    let registry: ReplicaRegistry
    let targets: MetricsScraper

    func take() async -> JSONValue {
        // Concurrently, since each may take its whole deadline.
        let pages = Loop.task { await targets.read() }
        let depths = Loop.task { try? await queues.read() }
        let replicas = Loop.task { try? await registry.read() }
        let backlog = Loop.task { try? await outbox.backlog() }
        var members: [JSONValue.Member] = [
            .init("at", .number(String(WallClock.milliseconds()))), .init("services", await pages.value),
        ]
        var away: [JSONValue] = []
        if let depths = await depths.value {
            members.append(.init("queues", depths))
        } else {
            away.append("rabbitmq")
        }
        if let replicas = await replicas.value {
            members.append(.init("replicas", replicas))
        } else {
            away.append("redis")
        }
        if let backlog = await backlog.value {
            let age = Int(backlog.age / .milliseconds(1))
            members.append(
                .init(
                    "outbox",
                    .object([
                        .init("waiting", .number(String(backlog.count))),
                        .init("ageMs", .number(String(age))),
                    ])))
        } else {
            away.append("postgres")
        }
        return .object(members + [.init("away", .array(away))])
    }
}
