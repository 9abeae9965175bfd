import TestSupport
import Testing

/// Tests that disturb the shared stack, or use all messages in it, run one after another.
@Suite(.serialized, .enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct WholeStackTests {}

extension WholeStackTests {
    /// Runs the demonstration, which kills parts of the stack.
    @Suite struct DemoScenarioTests {
        @Test func noUpdateIsLostWhenServicesAreKilled() async throws {
            let result = try await Stack.shared().waybill("demo", "--orders", "20")
            #expect(result.status == 0, "\(result.output)\n\(result.errors)")
            #expect(result.output.contains("The scenario held: 60 orders"))
        }

        @Test func demoFailsWithoutAStack() async throws {
            let result = try await Stack.shared().waybill("demo", "--stack", "/nowhere/stack.json")
            #expect(result.status == 69)
            #expect(result.errors.contains("waybill up"))
        }
    }
}
