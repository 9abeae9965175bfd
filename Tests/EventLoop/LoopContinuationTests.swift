import EventLoop
import TestSupport
import Testing

@Suite(.onLoop, .timeLimit(.minutes(1)))
struct LoopContinuationTests {
    @Test @Loop func aTaskResumesWithTheValueGiven() async {
        var continuation: LoopContinuation<Int>?
        let task = Loop.task {
            let value = await Loop.suspend { continuation = $0 }
            #expect(Loop.isCurrent)
            return value
        }
        let timer = Timer { continuation?.resume(returning: 7) }
        timer.arm(after: .milliseconds(1))
        #expect(await task.value == 7)
    }

    @Test @Loop func theBodyRunsFirstAndMayResumeAtOnce() async {
        var order: [String] = []
        let task = Loop.task {
            Task { @Loop in order.append("other") }
            await Loop.suspend { (continuation: LoopContinuation<Void>) in
                order.append("body")
                continuation.resume()
            }
            order.append("after")
        }
        await task.value
        #expect(order.prefix(2) == ["body", "after"])
    }

    @Test @Loop func manyContinuationsResumeInOrder() async {
        var resumptions: [LoopContinuation<Int>] = []
        var order: [Int] = []
        let tasks = (0..<1000).map { _ in
            Loop.task { order.append(await Loop.suspend { resumptions.append($0) }) }
        }
        let timer = Timer {
            for (number, continuation) in resumptions.enumerated() { continuation.resume(returning: number) }
        }
        timer.arm(after: .milliseconds(20))
        for task in tasks { await task.value }
        #expect(order == Array(0..<1000))
    }
}
