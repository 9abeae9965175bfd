import Testing

@testable import AMQP

@Suite struct ConfirmWindowTests {
    @Test func numbersFromOneAndIsBounded() {
        var window = ConfirmWindow<Int>(limit: 3)
        #expect((1...3).map { window.append($0) } == [1, 2, 3])
        #expect(window.isFull && window.outstanding == 3)
        _ = window.settle(2, multiple: false) { _ in }
        #expect(!window.isFull && window.outstanding == 2)
    }

    /// One that the broker does not settle delays no other, up to a bound.
    @Test func aMessageThatIsNotSettledBlocksNoOther() {
        var window = ConfirmWindow<Int>(limit: 3)
        _ = window.append(0)
        var count = 1
        while !window.isFull {
            let tag = window.append(count)
            _ = window.settle(tag, multiple: false) { _ in }
            count += 1
        }
        #expect(count == 3 * 64 && window.outstanding == 1)
        _ = window.settle(1, multiple: false) { _ in }
        #expect(!window.isFull && window.outstanding == 0)
    }

    @Test func aLaterMultipleSkipsSettledMessages() {
        var window = ConfirmWindow<Int>(limit: 10)
        for value in 1...6 { _ = window.append(value) }
        var settled: [Int] = []
        #expect(window.settle(3, multiple: false) { settled.append($0) } == true)
        #expect(window.settle(5, multiple: true) { settled.append($0) } == true)
        #expect(settled == [3, 1, 2, 4, 5])
        #expect(window.outstanding == 1 && window.next == 7)
    }

    @Test func ignoresSettledTagsAndRefusesUnpublishedOnes() {
        var window = ConfirmWindow<Int>(limit: 4)
        _ = window.append(1)
        #expect(window.settle(1, multiple: false) { _ in } == true)
        #expect(window.settle(1, multiple: false) { _ in Issue.record("settled twice") } == true)
        #expect(window.settle(2, multiple: false) { _ in } == false)
        #expect(window.settle(2, multiple: true) { _ in } == false)
        #expect(window.settle(0, multiple: false) { _ in } == false)
    }

    @Test func tagZeroWithMultipleSettlesEverything() {
        var window = ConfirmWindow<Int>(limit: 4)
        #expect(window.settle(0, multiple: true) { _ in } == true)
        for value in 1...4 { _ = window.append(value) }
        var settled: [Int] = []
        #expect(window.settle(0, multiple: true) { settled.append($0) } == true)
        #expect(settled == [1, 2, 3, 4])
    }

    @Test func removeAllRestartsNumbering() {
        var window = ConfirmWindow<Int>(limit: 4)
        for value in 1...4 { _ = window.append(value) }
        _ = window.settle(2, multiple: false) { _ in }
        #expect(window.removeAll() == [1, 3, 4])
        #expect(window.append(9) == 1)
    }

    /// Every sequence of four confirms over four messages, single or multiple: each message is settled at
    /// most once, by the first confirm that covers it.
    @Test func everySequenceSettlesEachMessageOnce() {
        let confirms = (1...4).flatMap { [(UInt64($0), false), (UInt64($0), true)] }
        for first in confirms {
            for second in confirms {
                for third in confirms {
                    for fourth in confirms {
                        check([first, second, third, fourth])
                    }
                }
            }
        }
    }

    private func check(_ confirms: [(UInt64, Bool)]) {
        var window = ConfirmWindow<UInt64>(limit: 4)
        for value in 1...4 { _ = window.append(UInt64(value)) }
        var open: Set<UInt64> = [1, 2, 3, 4]
        for (tag, multiple) in confirms {
            let expected = open.filter { multiple ? $0 <= tag : $0 == tag }
            var settled: [UInt64] = []
            let known = window.settle(tag, multiple: multiple) { settled.append($0) }
            open.subtract(expected)
            guard known, Set(settled) == expected, settled.count == expected.count,
                window.outstanding == open.count
            else {
                Issue.record("confirms \(confirms)")
                return
            }
        }
        var free = 0
        while free < 300, !window.isFull {
            let tag = window.append(9)
            _ = window.settle(tag, multiple: false) { _ in }
            free += 1
        }
        // Without an unsettled message every slot is released.
        if open.isEmpty != (free == 300) { Issue.record("slots not released after \(confirms)") }
    }
}
