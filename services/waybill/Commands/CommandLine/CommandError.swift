/// A failure that ends a command: what happened and, if known, a command that fixes it.
struct CommandError: Error {
    var code: ExitCode
    var message: String
    var remedy: String?

    init(_ code: ExitCode, _ message: String, remedy: String? = nil) {
        self.code = code
        self.message = message
        self.remedy = remedy
    }
}
