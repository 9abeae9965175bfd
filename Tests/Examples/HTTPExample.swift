import EventLoop
import HTTP

@Loop func httpExample() async throws {
    let router = HTTPRouter()
    router.get("/hello/{name}") { request in
        HTTPResponse(text: "Hello, \(request.parameter("name"))!")
    }
    let server = HTTPServer(router)
    let port = try await server.listen(on: Endpoint(host: "127.0.0.1", port: 0))

    let client = HTTPClient()
    let response = try await client.get("http://127.0.0.1:\(port)/hello/world", within: .seconds(2))
    print(response.status.code, response.text)

    client.close()
    await server.drain(within: .seconds(10))
}
