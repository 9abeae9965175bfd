import EventLoop

/// The operator's command: mints tokens, places orders, watches them, and verifies delivery.
@main
struct Waybill {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        exit(Loop.run { await CommandRunner(arguments).run().rawValue })
    }
}
