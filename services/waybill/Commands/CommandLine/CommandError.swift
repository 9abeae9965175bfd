/// A failure that ends a command: what happened, and what to do next.
struct CommandError: Error {
    let code: ExitCode
    let message: String
    /// A command line or an instruction; nil only where ``init(_:_:noRemedy:)`` says why.
    let remedy: String?

    init(_ code: ExitCode, _ message: String, remedy: String) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }

    /// - Parameter noRemedy: why no next step can be named; for readers of the code alone.
    init(_ code: ExitCode, _ message: String, noRemedy: StaticString) {
        self.code = code
        self.message = message
        remedy = nil
    }

    static let emptyCatalogue = CommandError(
        .failure, "the catalogue is empty",
        remedy: "insert products, or activate some: docs/installation.md")
}
