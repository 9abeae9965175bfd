import EventLoop
import HTTP
import Observability
import Testing

@testable import Service

@Loop @Suite struct CORSTests {
    private func respond(
        _ method: HTTPMethod, _ headers: HTTPHeaders, origins: [String] = ["https://shop.example"],
        path: String = "/api/x"
    ) async -> HTTPResponse {
        let router = HTTPRouter()
        router.use(CORSPolicy(origins: origins).middleware)
        let log = Logger(
            sink: LogSink(origin: LogOrigin(service: "test", replica: "1"), format: .json), level: .critical)
        let api = APIRouter(router, log: log, metrics: Metrics())
        api.on(.post, "/api/x") { _, _ in HTTPResponse(.created, headers: ["Location": "/api/x/1"]) }
        api.on(.get, "/api/x") { _, _ in throw Problem(.unauthorized) }
        return await router.respond(to: HTTPRequest(method, path, headers: headers))
    }

    @Test func aPreflightOfAnAllowedOriginIsGranted() async {
        let response = await respond(
            .options,
            [
                "Origin": "https://shop.example", "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "authorization,content-type,idempotency-key",
            ])
        #expect(response.status == .noContent)
        #expect(response.headers["Access-Control-Allow-Origin"] == "https://shop.example")
        #expect(response.headers["Access-Control-Allow-Credentials"] == "true")
        #expect(response.headers["Access-Control-Allow-Methods"]?.contains("POST") == true)
        for name in [
            "Authorization", "Content-Type", "Idempotency-Key", "Last-Event-ID", "X-SignalR-User-Agent",
        ] {
            #expect(response.headers["Access-Control-Allow-Headers"]?.contains(name) == true)
        }
        #expect(response.headers["Access-Control-Max-Age"] == "600" && response.headers["Vary"] == "Origin")
    }

    /// A page must be able to read errors, too.
    @Test(arguments: [
        (HTTPMethod.post, "/api/x", 201), (.get, "/api/x", 401), (.get, "/nope", 404), (.put, "/api/x", 405),
    ])
    func everyResponseIsReadable(method: HTTPMethod, path: String, status: Int) async {
        let response = await respond(method, ["Origin": "https://shop.example"], path: path)
        #expect(response.status.code == status)
        #expect(response.headers["Access-Control-Allow-Origin"] == "https://shop.example")
        #expect(response.headers["Access-Control-Expose-Headers"]?.contains("Location") == true)
        #expect(response.headers["Access-Control-Max-Age"] == nil && response.headers["Vary"] == "Origin")
    }

    @Test(arguments: ["https://other.example", "null", "https://shop.example.evil", "http://shop.example"])
    func otherOriginsAreNotGranted(origin: String) async {
        for method in [HTTPMethod.options, .post] {
            let response = await respond(method, ["Origin": origin, "Access-Control-Request-Method": "POST"])
            #expect(response.headers["Access-Control-Allow-Origin"] == nil)
            #expect(
                response.headers["Access-Control-Allow-Credentials"] == nil
                    && response.headers["Vary"] == "Origin")
        }
        #expect(await respond(.post, [:]).headers["Vary"] == "Origin")
    }

    @Test func aStarGrantsEveryOriginWithoutCredentials() async {
        let response = await respond(.post, ["Origin": "https://any.example"], origins: ["*"])
        #expect(response.headers["Access-Control-Allow-Origin"] == "https://any.example")
        #expect(response.headers["Access-Control-Allow-Credentials"] == nil)
    }
}
