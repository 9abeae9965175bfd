import TestSupport
import Testing

@testable import Redis

@Suite struct SubscriptionTableTests {
    private let a: [UInt8] = [1]

    private func connected() -> SubscriptionTable {
        var table = SubscriptionTable()
        table.connected()
        return table
    }

    @Test func subscribeAndConfirm() {
        var table = connected()
        #expect(table.subscribe(a) == .subscribe(a))
        #expect(table.subscribe(a) == nil)
        #expect(!table.isSubscribed(a))
        #expect(table.confirmedSubscribe(a) == .init(isSubscribed: true))
        #expect(table.isSubscribed(a))
        #expect(table.unsubscribe(a) == .unsubscribe(a))
        #expect(!table.isSubscribed(a))
        #expect(table.confirmedUnsubscribe(a) == .init())
        #expect(table.wanted == 0)
    }

    @Test func followsTheLastRequestAfterAConfirmationInFlight() {
        var table = connected()
        #expect(table.subscribe(a) == .subscribe(a))
        #expect(table.unsubscribe(a) == nil)
        #expect(table.confirmedSubscribe(a) == .init(command: .unsubscribe(a)))
        #expect(table.subscribe(a) == nil)
        #expect(table.confirmedUnsubscribe(a) == .init(command: .subscribe(a)))
        #expect(table.confirmedSubscribe(a) == .init(isSubscribed: true))
    }

    @Test func subscribesAfterConnectingWhatWasRequestedBefore() {
        var table = SubscriptionTable()
        #expect(table.subscribe(a) == nil)
        #expect(table.subscribe([2]) == nil)
        #expect(table.unsubscribe([2]) == nil)
        table.connected()
        #expect(table.nextBatch(limit: 10) == [a])
        #expect(table.confirmedSubscribe(a) == .init(isSubscribed: true, restored: [a]))
    }

    @Test func restoresInBatches() {
        var table = SubscriptionTable()
        for channel in UInt8(0)..<10 { _ = table.subscribe([channel]) }
        table.connected()
        var restored: Set<[UInt8]> = []
        while true {
            let batch = table.nextBatch(limit: 4)
            if batch.isEmpty { break }
            #expect(table.nextBatch(limit: 4).isEmpty)
            for (index, channel) in batch.enumerated() {
                let result = table.confirmedSubscribe(channel)
                #expect(result.isSubscribed)
                #expect(result.restored == (index == batch.count - 1 ? batch : []))
                restored.formUnion(result.restored)
            }
        }
        #expect(restored.count == 10)
    }

    @Test func unsubscribesDuringARestore() {
        var table = SubscriptionTable()
        _ = table.subscribe(a)
        _ = table.subscribe([2])
        table.connected()
        _ = table.nextBatch(limit: 10)
        #expect(table.unsubscribe(a) == nil)
        #expect(table.confirmedSubscribe([2]).restored.isEmpty)
        #expect(table.confirmedSubscribe(a) == .init(command: .unsubscribe(a), restored: [[2]]))
    }

    @Test func disconnectingForgetsUnwantedChannels() {
        var table = connected()
        _ = table.subscribe(a)
        _ = table.confirmedSubscribe(a)
        _ = table.subscribe([2])
        _ = table.confirmedSubscribe([2])
        _ = table.unsubscribe([2])
        table.disconnected()
        #expect(!table.isSubscribed(a))
        table.connected()
        #expect(table.nextBatch(limit: 10) == [a])
    }

    @Test func adoptedChannelsAreRestored() {
        var table = connected()
        #expect(table.subscribe(a) == .subscribe(a))
        table.adopt([a, [2], [3]])
        #expect(Set(table.nextBatch(limit: 10)) == [[2], [3]])
        #expect(table.confirmedSubscribe(a) == .init(isSubscribed: true))
        #expect(table.confirmedSubscribe([2]).restored.isEmpty)
        #expect(Set(table.confirmedSubscribe([3]).restored) == [[2], [3]])
        var later = SubscriptionTable()
        later.adopt([a])
        #expect(later.nextBatch(limit: 10).isEmpty)
        later.connected()
        #expect(later.nextBatch(limit: 10) == [a])
    }

    @Test func aRemovedChannelDoesNotHoldUpItsBatch() {
        var table = connected()
        table.adopt([a, [2]])
        _ = table.nextBatch(limit: 10)
        #expect(table.confirmedSubscribe([2]).restored.isEmpty)
        #expect(table.remove(a) == [[2]])
        #expect(table.confirmedSubscribe(a) == .init() && table.wanted == 1)
        table.adopt([a])
        #expect(table.nextBatch(limit: 10) == [a])
    }

    /// After any sequence of calls and disconnects, every wanted channel ends up subscribed.
    @Test func randomCallSequencesConverge() {
        var random = SeededGenerator(seed: 3)
        for _ in 0..<300 {
            var table = SubscriptionTable()
            var server: [SubscriptionTable.Command] = []
            var wanted: Set<[UInt8]> = []
            var live: Set<[UInt8]> = []
            func confirm() {
                guard !server.isEmpty else { return }
                switch server.removeFirst() {
                case .subscribe(let channel):
                    live.insert(channel)
                    if let next = table.confirmedSubscribe(channel).command { server.append(next) }
                case .unsubscribe(let channel):
                    live.remove(channel)
                    if let next = table.confirmedUnsubscribe(channel).command { server.append(next) }
                }
                server += table.nextBatch(limit: 2).map { .subscribe($0) }
            }
            func connect() {
                table.connected()
                server = table.nextBatch(limit: 2).map { .subscribe($0) }
            }
            for _ in 0..<60 {
                let channel = [UInt8.random(in: 0..<5, using: &random)]
                switch Int.random(in: 0..<10, using: &random) {
                case 0..<4:
                    wanted.insert(channel)
                    if let command = table.subscribe(channel) { server.append(command) }
                case 4..<7:
                    wanted.remove(channel)
                    if let command = table.unsubscribe(channel) { server.append(command) }
                case 7 where table.isConnected:
                    table.disconnected()
                    (server, live) = ([], [])
                case 8 where !table.isConnected: connect()
                default: confirm()
                }
            }
            if !table.isConnected { connect() }
            while !server.isEmpty { confirm() }
            #expect(live == wanted)
            #expect(table.wanted == wanted.count)
        }
    }
}
