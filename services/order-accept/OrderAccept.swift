internal import Identity
internal import Service

/// Takes orders over HTTP and hands them on; see README.md.
@main
struct OrderAccept {
    static func main() {
        ServiceProcess.main(
            name: "order-accept", summary: "takes orders over HTTP and hands them on", port: 8081,
            keys: AcceptKeys.all, rules: TokenSettings.rules
        ) { context in
            try Application(context).services
        }
    }
}
