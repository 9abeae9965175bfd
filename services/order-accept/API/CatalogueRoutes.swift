import EventLoop
import HTTP
import JSON
import OrderEvents
import Orders
import Service

/// `GET /api/products` and one product, from the catalogue in memory.
@Loop
struct ProductRoutes {
    let authorizer: RequestAuthorizer
    let catalogue: any CatalogueSource

    func add(to router: APIRouter) {
        let router = router.admitting { _ = try await authorizer.authenticate($0) }
        router.on(.get, "/api/products") { request, _ in
            _ = try await authorizer.authenticate(request)
            let (offset, size) = try request.page(defaultSize: 12)
            guard let page = try products().page(offset: offset, size: size) else {
                throw Problem.invalidPage
            }
            return HTTPResponse(json: JSONWriter.encode(reserving: 4096) { page.write(to: &$0) })
        }
        router.on(.get, "/api/products/{externalProductId}") { request, _ in
            _ = try await authorizer.authenticate(request)
            guard let product = try products()[ProductID(request.parameter("externalProductId"))] else {
                throw Problem(.notFound, "There is no such product.")
            }
            return HTTPResponse(json: JSONWriter.encode { product.write(to: &$0) })
        }
    }

    private func products() throws(Problem) -> Catalogue {
        guard let catalogue = catalogue.current else {
            throw .unavailable("The catalogue is not loaded yet.")
        }
        return catalogue
    }
}

/// `GET /api/openapi.yaml` and `/api/asyncapi.yaml`: the descriptions of this API, and of the protocols that push updates,
/// without authentication.
@Loop
struct DescriptionRoute {
    func add(to router: APIRouter) {
        for (name, document) in [
            ("openapi", PackageResources.openapi_yaml), ("asyncapi", PackageResources.asyncapi_yaml),
        ] {
            router.on(.get, "/api/\(name).yaml") { _, _ in
                HTTPResponse(
                    .ok, contentType: "application/yaml", headers: ["Cache-Control": "max-age=300"],
                    body: document)
            }
        }
    }
}
