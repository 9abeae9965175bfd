import Identity
import Service

@main
struct OrderNotification {
    static func main() {
        ServiceProcess.main(
            name: "order-notification",
            summary: "tells users in every open tab what becomes of their orders", port: 5006, keys: NotificationKeys.all,
            rules: TokenSettings.rules
        ) { context in
            try Application(context).components()
        }
    }
}
