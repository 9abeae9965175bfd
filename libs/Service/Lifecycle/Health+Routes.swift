package import HTTP
internal import JSON
package import Observability

extension Health {
    /// Adds `/health/live`, `/health/ready`, `/healthz` and `/metrics`. Only `/healthz` is exposed publicly,
    /// so it gives no reasons.
    package func addRoutes(to router: HTTPRouter, metrics: Metrics) {
        router.get("/health/live") { _ in Self.answer(.ok, "ok") }
        router.get("/health/ready") { [self] _ in
            let readiness = readiness()
            let status: HTTPStatus = readiness.status == .ready ? .ok : .serviceUnavailable
            return Self.answer(status, readiness.status.rawValue, reasons: readiness.reasons)
        }
        router.get("/healthz") { [self] _ in
            let isReady = readiness().status == .ready
            return isReady ? Self.answer(.ok, "ok") : Self.answer(.serviceUnavailable, "unavailable")
        }
        router.get("/metrics") { request in
            let format = PrometheusText.Format(accepting: request.headers["Accept"])
            return HTTPResponse(.ok, contentType: format.contentType, body: metrics.exposition(format))
        }
    }

    private static func answer(_ status: HTTPStatus, _ text: String, reasons: [String] = []) -> HTTPResponse {
        let body = JSONWriter.encode { writer in
            writer.object { object in
                object.field("status", text)
                if !reasons.isEmpty {
                    object.key("reasons")
                    object.array { list in for reason in reasons { list.string(reason) } }
                }
            }
        }
        return HTTPResponse(status, json: body, headers: ["Cache-Control": "no-store"])
    }
}
