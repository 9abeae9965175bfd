import EventLoop
import HTTP
import Service

/// `GET /api/openapi.yaml`: the description of this API, for anybody.
@Loop
struct DescriptionRoute {
    func add(to edge: APIRouter) {
        edge.on(.get, "/api/openapi.yaml") { _, _ in
            HTTPResponse(
                .ok, contentType: "application/yaml", headers: ["Cache-Control": "max-age=300"],
                body: PackageResources.openapi_yaml)
        }
    }
}
