internal import Glibc

/// What the process ends with; part of the command's interface.
enum ExitCode: Int32, CaseIterable {
    case success = 0
    /// It was done and the answer is no: an order refused, a scenario that did not hold.
    case failure = 1
    /// The command line makes no sense.
    case usage = 2
    /// There is no stack to talk to, or it does not answer.
    case unavailable = 69
    /// Ended by Ctrl-C.
    case interrupted = 130

    /// As help words it.
    var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "done, and the answer is no: refused, not healthy, not there"
        case .usage: "the command line makes no sense"
        case .unavailable: "there is no stack, or it does not answer"
        case .interrupted: "ended by Ctrl-C"
        }
    }
}

func exit(_ code: Int32) -> Never { Glibc.exit(code) }

/// A failure that ends a command: what happened and, where there is one, the line that mends it.
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
