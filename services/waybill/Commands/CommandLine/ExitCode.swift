internal import Glibc

/// The process's exit code; part of the command's interface.
enum ExitCode: Int32, CaseIterable {
    case success = 0
    /// The command ran with a negative result: an order refused, a scenario that did not hold.
    case failure = 1
    /// The command line is invalid.
    case usage = 2
    /// No stack is described, or it does not answer.
    case unavailable = 69
    /// Ended by Ctrl-C.
    case interrupted = 130

    /// The meaning in `--help`.
    var meaning: String {
        switch self {
        case .success: "done"
        case .failure: "negative result: refused, not healthy, not found"
        case .usage: "the command line is invalid"
        case .unavailable: "there is no stack, or it does not answer"
        case .interrupted: "ended by Ctrl-C"
        }
    }
}

func exit(_ code: Int32) -> Never { Glibc.exit(code) }
