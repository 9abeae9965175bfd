import EventLoop
internal import Glibc
internal import JSON
internal import Observability

/// Runs `waybill demo failover`: the scenario, its result and its page.
@Loop
struct FailoverRun {
    let plan: FailoverScenario.Plan
    /// The page's path; `failover.html` beside the stack's description when nil.
    let page: String?

    func run(_ context: CommandContext) async throws -> ExitCode {
        let scenario = try await FailoverScenario(context, plan)
        defer { scenario.end() }
        try await scenario.openTabs()
        let sampler = Loop.task {
            while !Task.isCancelled {
                scenario.sample()
                try? await Loop.sleep(for: .milliseconds(250))
            }
        }
        let faults = Loop.task { await scenario.injectFaults() }
        await scenario.placeOrders()
        await faults.value
        scenario.note(.note, "\(scenario.accepted) orders were placed; the last updates are pending")
        await scenario.settle()
        sampler.cancel()
        await sampler.value
        return try conclude(FailoverReport(scenario), context)
    }

    private func conclude(
        _ report: FailoverReport, _ context: CommandContext
    ) throws(CommandError) -> ExitCode {
        let console = context.console
        let folder = try context.stack.folder
        let path = page ?? "\(folder)/failover.html"
        let isWritten = SystemCalls.write(Array(FailoverReportPage(report).html.utf8), toFile: path)
        if console.wantsJSON {
            console.print(report.json(page: isWritten ? path : nil))
        } else {
            console.print("")
            console.print(report.table.text(console))
            console.print(
                report.held
                    ? console.styled(
                        "The scenario held: \(report.orders) orders, \(report.tabs) tabs, nothing lost, nothing twice.",
                        .green)
                    : console.styled("The scenario did not hold. \(report.failure ?? "")", .red))
            if isWritten { console.print("The page: \(path)") }
        }
        guard isWritten else {
            console.note("the page could not be written to \(path)")
            return .failure
        }
        return report.held ? .success : .failure
    }
}
