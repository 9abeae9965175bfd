import TestSupport
import Testing

/// What disturbs the one stack, or takes hold of all there is in it: one after another.
@Suite(.serialized, .enabled(if: Stack.isAvailable), .timeLimit(.minutes(5)))
struct WholeStackTests {}

extension WholeStackTests {
    /// The promises, told as the demonstration tells them: it kills parts of the stack.
    @Suite struct DemoScenarioTests {
        @Test func nothingIsLostWhenServicesAreKilled() async throws {
            let result = try await Stack.shared().waybill("demo", "--orders", "20")
            #expect(result.status == 0, "\(result.output)\n\(result.errors)")
            #expect(result.output.contains("The scenario held: 60 orders"))
        }

        @Test func theCommandSaysWhenThereIsNoStack() async throws {
            let result = try await Stack.shared().waybill("demo", "--stack", "/nowhere/stack.json")
            #expect(result.status == 69)
            #expect(result.errors.contains("waybill up"))
        }
    }
}
