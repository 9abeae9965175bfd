import EventLoop
import Foundation
import HTTP
import Testing

@testable import OrderAccept

@Loop @Suite struct DescriptionTests {
    @Test func theDescriptionNeedsNoToken() async throws {
        let answer = try await API().get("/api/openapi.yaml", token: nil)
        #expect(answer.status == .ok && answer.headers["Content-Type"] == "application/yaml")
        guard case .bytes(let bytes) = answer.body else { throw HTTPResponse.NoDocument() }
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("openapi: 3.1.0\n"))
    }

    @Test func thePushProtocolsAreDescribedToo() async throws {
        let answer = try await API().get("/api/asyncapi.yaml", token: nil)
        guard case .bytes(let bytes) = answer.body else { throw HTTPResponse.NoDocument() }
        #expect(String(decoding: bytes, as: UTF8.self).hasPrefix("asyncapi: 3.0.0\n"))
    }

    /// Of a key that is there twice, readers take one or refuse the document.
    @Test(arguments: [PackageResources.openapi_yaml, PackageResources.asyncapi_yaml])
    func theDescriptionHasNoKeyTwice(document: [UInt8]) throws {
        var open: [(indent: Int, keys: Set<Substring>)] = []
        for line in String(decoding: document, as: UTF8.self).split(separator: "\n") {
            guard let key = line.firstMatch(of: /^( *)(- )?([^\s{#-][^:]*):( |$)/) else { continue }
            let indent = key.1.count + (key.2?.count ?? 0)
            open.removeAll { $0.indent > indent || (key.2 != nil && $0.indent == indent) }
            if open.last?.indent != indent { open.append((indent, [])) }
            #expect(open[open.count - 1].keys.insert(key.3).inserted, "\(line)")
        }
    }

    /// Each path of the description is a route, for exactly its methods.
    @Test func theDescriptionListsTheRoutes() async throws {
        let text = String(decoding: PackageResources.openapi_yaml, as: UTF8.self)
        let paths = try #require(
            text.split(separator: "\npaths:\n").last?.split(separator: "\ncomponents:").first)
        var path = ""
        var described: [String: Set<String>] = [:]
        for line in paths.split(separator: "\n") {
            if line.hasPrefix("  /") { path = String(line.dropFirst(2).dropLast()) }
            let word = line.drop { $0 == " " }.dropLast()
            let isMethod = line.hasPrefix("    ") && !line.hasPrefix("     ")
            if isMethod, ["get", "post", "put", "delete", "patch"].contains(word) {
                described[path, default: []].insert(word.uppercased())
            }
        }
        // The others are every service's, and those of the edge.
        #expect(
            Set(described.keys.filter { !$0.hasPrefix("/api/") })
                == ["/healthz", "/health/live", "/health/ready", "/metrics"])
        #expect(described.count == 12)
        let api = try API()
        for (path, methods) in described where path.hasPrefix("/api/") {
            let target = path.replacing("{id}", with: "1").replacing("{externalProductId}", with: "x")
                .replacing("{correlationId}", with: "x")
            let answer = await api.send(.patch, target, token: nil)
            #expect(answer.status == .methodNotAllowed, "\(path)")
            let allowed = Set((answer.headers["Allow"] ?? "").split(separator: ", ").map(String.init))
            #expect(allowed.subtracting(["HEAD", "OPTIONS"]) == methods, "\(path)")
        }
    }
}
