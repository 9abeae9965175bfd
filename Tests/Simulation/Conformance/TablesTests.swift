import EventLoop
import Orders
import Testing

@testable import OrderAccept

/// The simulation's tables answer what PostgreSQL answers: the same random operations on both, each answer compared.
///
/// A part of the simulation's suite, because a simulated run takes the process's clock.
extension SimulationTests {
    @Test(.enabled(if: LiveTables.isPresent), .timeLimit(.minutes(2)))
    func theTablesAnswerAsPostgreSQLDoes() async throws {
        try await LiveTables.withTables { live in
            for seed in 1...Self.sequences {
                let sequence = OperationSequence(seed, live)
                for _ in 0..<60 {
                    let (operation, simulated, real) = try await sequence.step()
                    sequence.operations.append(operation)
                    guard simulated != real else { continue }
                    Issue.record(
                        """
                        seed \(seed): PostgreSQL answers
                        \(real)
                        and the tables
                        \(simulated)
                        after
                        \(sequence.operations.joined(separator: "\n"))
                        """)
                    return
                }
                try await live.drain()
            }
        }
    }

    private static let sequences: UInt64 = 60
}
