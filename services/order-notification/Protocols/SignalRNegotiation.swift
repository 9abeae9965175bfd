import HTTP
import JSON

/// The response of `POST …/negotiate`.
///
/// Source: "Transport Protocols", dotnet/aspnetcore, `src/SignalR/docs/specs/TransportProtocols.md`.
enum SignalRNegotiation {
    /// - Parameter version: 0 or 1; 1 separates the connection's public id from its token.
    static func response(version: Int) -> HTTPResponse {
        let body = JSONWriter.encode { writer in
            writer.object { writer in
                writer.field("negotiateVersion", version)
                writer.field("connectionId", Session.text(of: .random(in: 0 ... .max)))
                if version > 0 {
                    writer.field("connectionToken", Session.text(of: .random(in: 0 ... .max)))
                }
                writer.key("availableTransports")
                writer.array { writer in
                    writer.object { writer in
                        writer.field("transport", "WebSockets")
                        writer.key("transferFormats")
                        writer.array { $0.string("Text") }
                    }
                }
            }
        }
        return HTTPResponse(.ok, json: body, headers: ["Cache-Control": "no-store"])
    }
}
