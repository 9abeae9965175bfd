import EventLoop
internal import JSON

struct DoctorCommand: Command {
    static let help = CommandHelp(
        name: "doctor", summary: "Find what is missing or misconfigured, with the command that fixes it",
        exitsWithOne: "something is wrong", examples: ["waybill doctor", "waybill doctor --json"])

    init(_ arguments: Arguments) throws { try arguments.expectNone("doctor") }

    func run(_ context: CommandContext) async throws -> ExitCode {
        let console = context.console
        let found = try await console.waiting("looking") { try await machine(context) + stack(context) }
        if console.wantsJSON {
            console.print(.array(found.map(\.json)))
        } else {
            for check in found { show(check, console) }
        }
        return found.allSatisfy { $0.problem == nil } ? .success : .failure
    }

    private func show(_ check: HealthCheck, _ console: Terminal) {
        guard let problem = check.problem else {
            return console.print("\(console.styled("✓", .green)) \(check.name)")
        }
        console.print("\(console.styled("✗", .red)) \(check.name): \(problem)")
        if let remedy = check.remedy { console.print("  \(console.styled(remedy, .bold))") }
    }

    /// What this machine needs to run a stack; empty outside a checkout, and for a deployment elsewhere.
    private func machine(_ context: CommandContext) async throws -> [HealthCheck] {
        let file = try context.stack
        guard file.url == nil, let checkout = try? DevStackRunner() else { return [] }
        // The ports in use may belong to this stack.
        let folder = (try? file.read()) == nil ? "" : file.folder
        let answer = try await checkout.run(
            "doctor", ["--json"], environment: folder.isEmpty ? [:] : ["WAYBILL_VAR": folder], catching: true)
        guard let list = try? JSONValue(parsing: answer.output).array else {
            return [
                HealthCheck(name: "infra/local/bin/doctor", problem: "it did not run", remedy: "make doctor")
            ]
        }
        return list.map { entry in
            HealthCheck(
                name: entry["name"]?.string ?? "?", problem: entry["problem"]?.string,
                remedy: entry["remedy"]?.string)
        }
    }

    private func stack(_ context: CommandContext) async throws -> [HealthCheck] {
        let stack: StackFile.Contents
        do throws(CommandError) { stack = try context.stack.read() } catch {
            return [HealthCheck(name: "a stack runs", problem: error.message, remedy: error.remedy)]
        }
        let isLocal = try context.stack.url == nil
        let health = try await StackHealth().check(stack).map { HealthCheck($0, isLocal: isLocal) }
        do {
            return try await health + context.withServers { await StackDoctor($0).examine() }
        } catch let error as CommandError {
            return health + [
                HealthCheck(name: "the servers are known", problem: error.message, remedy: error.remedy)
            ]
        }
    }
}
