import Identity
import Service

@main
struct OrderNotification {
    static func main() {
        ServiceProcess.main(
            name: "order-notification",
            summary: "pushes order updates to every tab of their user", port: 5006, keys: NotificationKeys.all,
            rules: TokenSettings.rules
        ) { context in
            try Application(context).services
        }
    }
}
