import EventLoop
import HTTP
import Observability
import Service

@Loop func serviceExample() async throws {
    let greeting = SettingKey.string("GREETING", default: "Hello", "The first word of an answer.")
    ServiceProcess.main(
        name: "greeter", summary: "answers greetings", port: 8099, keys: [greeting]
    ) { context in
        let word = context.settings[greeting]
        let requests = context.metrics.counter("greeter_requests_total", "Greetings answered.")
        return [
            "http": HTTPService(context) { router in
                router.on(.get, "/hello/{name}") { request, _ in
                    requests.increment()
                    return HTTPResponse(text: "\(word), \(request.parameter("name"))!")
                }
            }
        ]
    }
}
