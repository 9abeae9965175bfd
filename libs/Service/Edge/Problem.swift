package import HTTP
internal import JSON
package import Observability

/// An error response: a problem document (RFC 9457) with the trace's id and, for validation, the messages of
/// each field. A handler throws it.
///
/// Its text is public: never include another error's text.
package struct Problem: Error, Sendable {
    package var status: HTTPStatus
    package var title: String
    package var detail: String?
    package var type = "about:blank"
    /// Whether the request was certainly not carried out, which the status alone does not tell.
    package var isWithoutEffect = false
    /// Messages by field, `items[0].quantity`, in the order of the fields.
    package var errors: [(field: String, messages: [String])] = []
    /// Header fields of the response, such as `Retry-After`.
    package var headers: HTTPHeaders = [:]

    /// - Parameter title: the status's reason phrase when left out.
    package init(
        _ status: HTTPStatus, _ detail: String? = nil, title: String? = nil, headers: HTTPHeaders = [:]
    ) {
        self.status = status
        self.title = title ?? status.reason
        self.detail = detail
        self.headers = headers
    }

    /// 400 with messages by field.
    package static func validation(_ errors: [(field: String, messages: [String])]) -> Problem {
        var problem = Problem(.badRequest, title: "One or more validation errors occurred.")
        problem.errors = errors
        return problem
    }

    /// 503 with `Retry-After`.
    package static func unavailable(_ detail: String? = nil, retryAfter seconds: Int = 1) -> Problem {
        Problem(.serviceUnavailable, detail, headers: ["Retry-After": "\(seconds)"])
    }

    /// - Parameter instance: the request's path, percent-encoded; `/` when it could not be read.
    package func response(instance: String, trace: TraceContext) -> HTTPResponse {
        let body = JSONWriter.encode { writer in
            writer.object { problem in
                problem.field("type", type)
                problem.field("title", title)
                problem.field("status", Int(status.rawValue))
                if let detail { problem.field("detail", detail) }
                if isWithoutEffect { problem.field("effect", "none") }
                problem.field("instance", instance)
                problem.field("traceId", trace.traceID.description)
                if !errors.isEmpty {
                    problem.key("errors")
                    problem.object { fields in
                        for (field, messages) in errors {
                            fields.key(named: field)
                            fields.array { list in for message in messages { list.string(message) } }
                        }
                    }
                }
            }
        }
        return HTTPResponse(status, contentType: "application/problem+json", headers: headers, body: body)
    }
}
