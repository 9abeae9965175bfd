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

    @Test(arguments: [false, true]) @Loop
    func theBodyRunsFirstAndMayResumeAtOnce(isCancellable: Bool) async {
        var order: [String] = []
        let task = Loop.task {
            Task { @Loop in order.append("other") }
            let body = { (continuation: LoopContinuation<Void>) in
                #expect(Loop.isCurrent)
                order.append("body")
                continuation.resume()
            }
            if isCancellable {
                await Loop.suspend(orCancelled: (), body)
            } else {
                await Loop.suspend(body)
            }
            order.append("after")
        }
        await task.value
        #expect(order.prefix(2) == ["body", "after"])
    }

    @Test @Loop func aCancelledTaskIsResumedAndWhatItWaitsForComesLater() async {
        var continuation: LoopContinuation<Int>?
        let task = Loop.task { await Loop.suspend(orCancelled: -1) { continuation = $0 } }
        while continuation == nil { await Task.yield() }
        task.cancel()
        #expect(await task.value == -1)
        #expect(continuation?.isAbandoned == true)
        continuation?.resume(returning: 1)
        continuation?.abandon(returning: 2)

        // What came first counts.
        let value = await Loop.suspend(orCancelled: -1) {
            $0.resume(returning: 3)
            $0.abandon(returning: -2)
            #expect(!$0.isAbandoned)
        }
        #expect(value == 3)
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
