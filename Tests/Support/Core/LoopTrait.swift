import EventLoop
package import Testing

/// Runs a test in a task isolated to the loop, as all code of a service is.
///
/// In other tasks each call of an asynchronous function of the loop switches executors, which allows
/// interleavings that do not occur in a service.
package struct LoopTrait: TestTrait, SuiteTrait, TestScoping {
    package var isRecursive: Bool { true }

    @concurrent package func provideScope(
        for test: Test, testCase: Test.Case?,
        performing function: @concurrent @Sendable () async throws -> Void
    ) async throws {
        // The closure does not escape: the task is awaited.
        try await withoutActuallyEscaping(function) { function in
            try await Loop.task { try await function() }.value
        }
    }
}

extension Trait where Self == LoopTrait {
    package static var onLoop: LoopTrait { LoopTrait() }
}
