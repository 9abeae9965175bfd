internal import Service

/// Records accepted orders and publishes their outcomes; see README.md.
@main
struct OrderProcess {
    static func main() {
        ServiceProcess.main(
            name: "order-process", summary: "records accepted orders and publishes their outcomes",
            port: 8091,
            keys: ProcessKeys.all
        ) { context in
            try Application(context).services
        }
    }
}
