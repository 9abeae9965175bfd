import Identity
import Service

/// The operator's console: status, dead letters and fault injection for the pages under `/ops`; see README.md.
@main
struct Console {
    static func main() {
        ServiceProcess.main(
            name: "waybill-console", summary: "serves the operator's pages under /ops", port: 8070,
            keys: ConsoleKeys.all, rules: ConsoleKeys.rules
        ) { context in
            try Application(context).services
        }
    }
}
