internal import Identity
internal import Service

/// Accepts orders over HTTP and publishes them; see README.md.
@main
struct OrderAccept {
    static func main() {
        ServiceProcess.main(
            name: "order-accept", summary: "accepts orders over HTTP and publishes them", port: 8081,
            keys: AcceptKeys.all, rules: TokenSettings.rules
        ) { context in
            try Application(context).services
        }
    }
}
