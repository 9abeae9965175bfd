import EventLoop
import Testing

@testable import HTTP

@Suite struct RouterTests {
    @Loop private static func router() -> HTTPRouter {
        let router = HTTPRouter()
        let tell: HTTPHandler = { request in
            let names = request.route.split(separator: "/").filter { $0.hasPrefix("{") }.map {
                String($0.dropFirst().dropLast())
            }
            let values = names.map { "\($0)=\(request.parameter($0))" }
            return HTTPResponse(text: ([request.route] + values).joined(separator: " "))
        }
        for pattern in [
            "/", "/orders", "/orders/{id}", "/orders/status", "/orders/{id}/cancel", "/{a}/b/{c}", "/x/",
        ] {
            router.get(pattern, tell)
        }
        router.post("/orders", tell)
        router.on(.options, "/own", tell)
        return router
    }

    @Loop private func answer(_ method: HTTPMethod, _ target: String) async -> (Int, String, HTTPResponse) {
        let response = await Self.router().respond(to: HTTPRequest(method, target))
        guard case .bytes(let body) = response.body else { return (0, "", response) }
        return (response.status.code, String(decoding: body, as: UTF8.self), response)
    }

    @Test(arguments: [
        ("/", "/"), ("/orders", "/orders"), ("/orders/7", "/orders/{id} id=7"),
        ("/orders/status", "/orders/status"),
        ("/orders/7/cancel", "/orders/{id}/cancel id=7"),
        ("/orders/status/cancel", "/orders/{id}/cancel id=status"),
        ("/q/b/r", "/{a}/b/{c} a=q c=r"), ("/orders/b/r", "/{a}/b/{c} a=orders c=r"), ("/x/", "/x/"),
        ("/orders/a%20b?q", "/orders/{id} id=a b"), ("/%6frders", "/orders"),
    ])
    @Loop func finds(_ target: String, _ expected: String) async {
        let (status, text, _) = await answer(.get, target)
        #expect(status == 200)
        #expect(text == expected)
    }

    @Test(arguments: ["/none", "/orders/", "/orders//cancel", "//", "/x", "/orders/7/other", "/Orders"])
    @Loop func findsNothing(_ target: String) async {
        let (status, text, _) = await answer(.get, target)
        #expect(status == 404)
        #expect(text.contains(#""status":404"#))
    }

    @Test @Loop func answers405WithTheAllowedMethods() async {
        let refused = await answer(.delete, "/orders")
        #expect(refused.0 == 405)
        #expect(refused.2.headers["Allow"] == "GET, HEAD, POST, OPTIONS")
        let options = await answer(.options, "/orders/7")
        #expect(options.0 == 204)
        #expect(options.2.headers["Allow"] == "GET, HEAD, OPTIONS")
        #expect(await answer(.options, "/own").1 == "/own")
        #expect(await answer(.options, "/none").0 == 404)
        #expect(await answer(.options, "*").0 == 204)
        #expect(await answer(.head, "/orders").0 == 200)
    }

    @Test @Loop func middlewareWrapsInOrder() async {
        let router = HTTPRouter()
        for name in ["a", "b"] {
            router.use { request, next in
                var response = await next(request)
                response.headers.add("X-Via", name)
                return response
            }
        }
        router.get("/") { _ in HTTPResponse(.ok) }
        let found = await router.respond(to: HTTPRequest(.get, "/"))
        #expect(String(decoding: found.headers.bytes, as: UTF8.self) == "X-Via: b\r\nX-Via: a\r\n")
        let lost = await router.respond(to: HTTPRequest(.get, "/lost"))
        #expect(lost.status == .notFound)
        #expect(lost.headers["X-Via"] == "b")
    }
}
