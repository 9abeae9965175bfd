import EventLoop
import MemoryAdapters
import Orders
import TestSupport
import Testing

@testable import WorkflowState

@Suite(.timeLimit(.minutes(1))) @Loop struct MailboxStoreTests {
    private func history(
        _ fixture: StoreFixture, _ user: UserID, after position: MailboxPosition
    ) async throws -> History {
        try await fixture.mailboxes.history([HistoryRequest(user, after: position)])[0]
    }

    @Test(arguments: Driver.available) func replaysEntriesAfterAPositionInOrder(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            let deliveries = (0..<5).map { _ in fixture.delivery(to: user) }
            let offsets = try await fixture.mailboxes.deliver(deliveries).map { try #require($0.offset) }
            #expect(offsets == offsets.sorted() && Set(offsets).count == 5 && offsets[0] > start.offset)
            #expect(offsets[4] < MailboxPosition.largest)

            let all = try await history(fixture, user, after: start)
            #expect(all.isRecovered && all.entries.map(\.offset) == offsets)
            #expect(all.entries.map(\.update) == deliveries.map(\.update))
            #expect(all.end == MailboxPosition(epoch: start.epoch, offset: offsets[4]))
            #expect(try await fixture.mailboxes.ends(of: [user]) == [all.end])

            let middle = MailboxPosition(epoch: start.epoch, offset: offsets[2])
            let rest = try await history(fixture, user, after: middle)
            #expect(rest.isRecovered && rest.entries.map(\.offset) == Array(offsets[3...]))
            let none = try await history(fixture, user, after: all.end)
            #expect(none.isRecovered && none.entries.isEmpty && none.end == all.end)
        }
    }

    /// Of an order that is forgotten, or that has failed there, the owner is to be asked elsewhere.
    @Test(arguments: Driver.available) func theOwnerIsWhoIsRemembered(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let (user, other) = (fixture.user(), fixture.user("-other"))
            let starts = try await fixture.mailboxes.ends(of: [user, other])
            var deliveries = [user, other, user, user].map { fixture.delivery(to: $0) }
            for delivery in deliveries { #expect(delivery.user != nil) }
            let steps = zip(deliveries, [OrderStatus.accepted, .completed, .failed]).map { delivery, status in
                WorkflowStep(
                    status, correlationID: delivery.update.correlationID, orderID: delivery.update.orderID,
                    owner: delivery.user)
            }
            _ = try await fixture.workflows.advance(steps)
            for index in deliveries.indices { deliveries[index].user = nil }
            let outcomes = try await fixture.mailboxes.deliver(deliveries)
            #expect(outcomes.map { $0.offset != nil } == [true, true, false, false])
            #expect(outcomes[2] == .unknownOwner && outcomes[3] == .unknownOwner)
            #expect(try await fixture.mailboxes.deliver([deliveries[0]]) == [.duplicate])
            for (index, name) in [user, other].enumerated() {
                let found = try await history(fixture, name, after: starts[index])
                #expect(found.entries.map(\.update) == [deliveries[index].update])
                let workflow = try await fixture.workflows.workflow(deliveries[index].update.correlationID)
                #expect(workflow?.status.status == .completed)
            }
        }
    }

    @Test(arguments: Driver.available) func aRedeliveryIsNotAppendedTwice(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            let first = fixture.delivery(to: user)
            let second = fixture.delivery(to: user)
            _ = try await fixture.mailboxes.deliver([first])
            let again = try await fixture.mailboxes.deliver([first, second, second])
            #expect(again.map { $0 != .duplicate } == [false, true, false])
            #expect(try await history(fixture, user, after: start).entries.count == 2)
            // Another outcome of a completed order is outdated; a replay completes a failed one.
            var failed = first
            failed.update.status = .failed
            #expect(try await fixture.mailboxes.deliver([failed])[0].offset == nil)
            let third = fixture.delivery(to: user, .failed)
            var replayed = third
            replayed.update.status = .completed
            for delivery in [third, replayed] {
                #expect(try await fixture.mailboxes.deliver([delivery])[0].offset != nil)
                let workflow = try await fixture.workflows.workflow(delivery.update.correlationID)
                #expect(workflow?.status.status == delivery.update.status)
            }
        }
    }

    @Test(arguments: Driver.available) func aTrimmedMailboxIsNotRecovered(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            let offsets = try await fixture.mailboxes.deliver(
                (0..<12).map { _ in fixture.delivery(to: user) }
            ).map { try #require($0.offset) }
            let all = try await history(fixture, user, after: start)
            #expect(!all.isRecovered && all.entries.map(\.offset) == Array(offsets[4...]))
            for (index, isRecovered) in [(2, false), (3, false), (4, true), (11, true)] {
                let position = MailboxPosition(epoch: start.epoch, offset: offsets[index])
                #expect(
                    try await history(fixture, user, after: position).isRecovered == isRecovered, "\(index)")
            }
        }
    }

    @Test(arguments: Driver.available) func anotherEpochIsNotRecovered(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            _ = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])
            let foreign = MailboxPosition(epoch: Epoch("abc")!, offset: start.offset)
            let history = try await history(fixture, user, after: foreign)
            #expect(!history.isRecovered && history.entries.count == 1 && history.end.epoch == start.epoch)
        }
    }

    @Test(arguments: Driver.available) func positionsNeverIssuedAreNotRecovered(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            for offset in [0, 1, start.offset + 3_600_000_000, MailboxPosition.largest] {
                let position = MailboxPosition(epoch: start.epoch, offset: offset)
                #expect(try await !history(fixture, user, after: position).isRecovered, "\(offset)")
            }
        }
    }

    /// A reader whose entry is gone may have missed others, whatever came since.
    @Test(arguments: Driver.available) func aReaderWhoseEntryIsGoneIsNotRecovered(driver: Driver) async throws
    {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            #expect(try await history(fixture, user, after: start).isRecovered)
            let offset = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])[0].offset
            let seen = MailboxPosition(epoch: start.epoch, offset: try #require(offset))
            #expect(try await history(fixture, user, after: seen).isRecovered)
            try await fixture.expire([], [user])
            for position in [start, seen] {
                #expect(try await !history(fixture, user, after: position).isRecovered)
            }
            _ = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])
            for position in [start, seen] {
                #expect(try await !history(fixture, user, after: position).isRecovered)
            }
        }
    }

    /// From within, or the newest.
    @Test(arguments: Driver.available, 0..<3) func aDeletedEntryIsNotRecovered(driver: Driver, lost: Int)
        async throws
    {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let start = try await fixture.mailboxes.ends(of: [user])[0]
            let offsets = try await fixture.mailboxes.deliver((0..<3).map { _ in fixture.delivery(to: user) })
                .map { try #require($0.offset) }
            try await fixture.loseEntry(user, offsets[lost])
            for (index, offset) in ([start.offset] + offsets).enumerated() {
                let position = MailboxPosition(epoch: start.epoch, offset: offset)
                let isAfterTheLoss = index > lost + 1
                #expect(try await history(fixture, user, after: position).isRecovered == isAfterTheLoss)
            }
            let end = try await fixture.mailboxes.ends(of: [user])[0]
            _ = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])
            #expect(try await history(fixture, user, after: end).isRecovered == (lost < 2))
        }
    }

    /// Someone writes values of other types where these belong.
    @Test(arguments: Driver.available) func valuesOfAnotherTypeAreReplaced(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let delivery = fixture.delivery(to: user)
            let id = delivery.update.correlationID
            try await fixture.spoil([fixture.keys.mailbox(user), fixture.keys.status(id)])
            #expect(try await fixture.mailboxes.deliver([delivery])[0].offset != nil)
            #expect(try await fixture.workflows.workflow(id)?.status.status == .completed)
            try await fixture.spoil([fixture.keys.mailbox(user)])
            let end = try await fixture.mailboxes.ends(of: [user])[0]
            #expect(try await history(fixture, user, after: end).isRecovered)

            let order = fixture.order()
            try await fixture.spoil([
                fixture.keys.owner(order.correlationID), fixture.keys.status(order.correlationID),
                fixture.keys.number(order.correlationID),
                fixture.keys.pending(order.orderID, of: order.owner),
            ])
            #expect(try await fixture.workflows.owners(of: [order.correlationID]).map(\.?.user) == [nil])
            let step = WorkflowStep(
                .completed, correlationID: order.correlationID, orderID: order.orderID, owner: order.owner,
                isRecorded: true)
            #expect(try await fixture.workflows.advance([step])[0].moved)
            #expect(try await fixture.workflows.workflow(order.correlationID)?.status.status == .completed)
        }
    }

    @Test(arguments: Driver.available) func offsetsGrowAcrossAnExpiry(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let user = fixture.user()
            let before = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])[0].offset
            try await fixture.expire([], [user])
            let after = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])[0].offset
            #expect(try #require(after) > #require(before))
        }
    }

    @Test(arguments: Driver.available) func deliversToManyUsersInOneBatch(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let users = (0..<40).map { _ in fixture.user() }
            let starts = try await fixture.mailboxes.ends(of: users)
            let deliveries = (0..<120).map { fixture.delivery(to: users[$0 % 39]) }
            _ = try await fixture.mailboxes.deliver(deliveries)
            let requests = zip(users, starts).map { HistoryRequest($0, after: $1) }
            let histories = try await fixture.mailboxes.history(requests)
            #expect(histories.map(\.entries.count).reduce(0, +) == 120)
            #expect(histories[39].entries.isEmpty && histories.allSatisfy(\.isRecovered))
            #expect(
                histories[5].entries.map(\.update)
                    == deliveries.enumerated()
                    .filter { $0.offset % 39 == 5 }.map(\.element.update))
        }
    }

    @Test(arguments: Driver.available) func publishesTheUpdateToSubscribedReplicas(driver: Driver)
        async throws
    {
        try await with(driver, .test) { fixture in
            let user = fixture.user(":with:colons é")
            let inbox = Inbox(fixture)
            for channels in fixture.channels { try await channels.listen(for: user) }
            let delivery = fixture.delivery(to: user)
            let offsets = try await fixture.mailboxes.deliver([
                delivery, fixture.delivery(to: fixture.user()), fixture.delivery(to: user),
            ]).map(\.offset)
            try await eventually("both replicas received both updates") {
                inbox.messages.allSatisfy { $0.count == 2 }
            }
            for messages in inbox.messages {
                #expect(messages.map(\.offset) == [offsets[0], offsets[2]])
                #expect(messages.map(\.previous) == [0, offsets[0]])
                #expect(messages[0].update == delivery.update)
            }
            let start = MailboxPosition(
                epoch: try await fixture.mailboxes.ends(of: [user])[0].epoch, offset: 0)
            let entries = try await history(fixture, user, after: start).entries
            #expect(entries.map(\.frame) == inbox.messages[0].map(\.frame))

            fixture.channels[0].stopListening(for: user)
            try await fixture.channels[0].listen(for: fixture.user())
            _ = try await fixture.mailboxes.deliver([fixture.delivery(to: user)])
            try await eventually("one replica received the third update") { inbox.messages[1].count == 3 }
            #expect(inbox.messages[0].count == 2)
        }
    }

    @Test(arguments: Driver.available) func publishesTheStepToProcessingOnce(driver: Driver) async throws {
        try await with(driver, .test) { fixture in
            let order = fixture.order()
            let inbox = Inbox(fixture)
            try await fixture.workflows.accept(order)
            try await fixture.channels[0].listen(for: order.owner)
            let time = Timestamp(milliseconds: 1_767_225_600_000)
            var step = WorkflowStep(
                .processing, correlationID: order.correlationID, orderID: order.orderID, owner: nil,
                announcedAt: time)
            _ = try await fixture.workflows.advance([step, step])
            step.status = .completed
            step.announcedAt = nil
            _ = try await fixture.workflows.advance([step])
            let sentinel = fixture.delivery(to: order.owner)
            _ = try await fixture.mailboxes.deliver([sentinel])
            try await eventually("the last message is received") {
                inbox.messages[0].last?.update == sentinel.update
            }
            #expect(inbox.messages[0].count == 2)
            let message = inbox.messages[0][0]
            #expect(message.offset == nil && message.previous == nil)
            #expect(
                message.update
                    == StatusUpdate(
                        correlationID: order.correlationID, orderID: order.orderID, status: .processing,
                        occurredAt: time))
        }
    }
}

/// What each replica of a fixture received.
@Loop
private final class Inbox {
    var messages: [[Publication]]

    init(_ fixture: StoreFixture) {
        messages = fixture.channels.map { _ in [] }
        for (index, channels) in fixture.channels.enumerated() {
            channels.onMessage = { [unowned self] _, message in messages[index].append(message) }
        }
    }
}
