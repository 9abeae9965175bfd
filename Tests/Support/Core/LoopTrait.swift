import EventLoop
package import Testing

/// Runs a test in a task whose home is the loop, as everything in a service does.
///
/// In any other task each call of an asynchronous function of the loop gives others a turn first, so that what
/// happens between two calls is not what happens in a service.
package struct LoopTrait: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    @concurrent package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        // The closure does not outlive this call: the task is waited for.
        try await withoutActuallyEscaping(function) { function in
            try await Loop.task { try await function() }.value
        }
    }
}

extension Trait where Self == LoopTrait {
    package static var onLoop: LoopTrait { LoopTrait() }
}
