import Foundation
import JOSE
import Observability
import Service
import Testing

@testable import Waybill

@Suite struct ContextTests {
    private static let now = 1_800_000_000

    /// A folder of a test's own, as XDG_CONFIG_HOME.
    private func withFolder(_ body: (_ folder: String, _ file: String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "waybill-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let path = folder.path(percentEncoded: false)
        try body(path, "\(path)/waybill/contexts.json")
    }

    static func token(_ user: String, expires: Int = now + 60) -> String {
        let claims = Base64URL.encode(Array(#"{"sub":"\#(user)","exp":\#(expires)}"#.utf8))
        return "e30.\(claims).c2lnbmF0dXJl"
    }

    private func deployment(
        _ words: [String] = [], _ environment: [String: String] = [:]
    ) throws -> Deployment {
        try Deployment(
            Arguments(words, options: CommandTable.globalOptions), Environment(environment), now: Self.now)
    }

    // MARK: The file

    @Test func aContextIsKeptWithItsOwnersPermissionsAlone() throws {
        try withFolder { folder, path in
            var file = try ContextFile(path: path)
            try file.add(.init(name: "shop", url: "https://shop.example", token: .text(.init("t"))))
            try file.add(.init(name: "other", url: "http://o:1", token: .file("/x")))
            try file.choose("shop")
            try file.write()
            let again = try ContextFile(path: path)
            #expect(again.entries.map(\.name) == ["shop", "other"] && again.chosen == "shop")
            func mode(_ path: String) throws -> Int? {
                try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
            }
            #expect(try mode(path) == 0o600)
            #expect(try mode("\(folder)/waybill") == 0o700)
            // Nothing is left of how it was written.
            #expect(try FileManager.default.contentsOfDirectory(atPath: "\(folder)/waybill").count == 1)
        }
    }

    @Test func removingTheChosenContextChoosesThisMachine() throws {
        try withFolder { _, path in
            var file = try ContextFile(path: path)
            try file.add(.init(name: "shop", url: "https://shop.example", token: nil))
            try file.choose("shop")
            try file.remove("shop")
            #expect(file.chosen == nil && file.entries.isEmpty)
            #expect(throws: CommandError.self) { try file.remove("shop") }
            #expect(throws: CommandError.self) { try file.choose("shop") }
            try file.choose("local")
        }
    }

    @Test func addingAgainReplaces() throws {
        try withFolder { _, path in
            var file = try ContextFile(path: path)
            for url in ["http://a", "http://b"] { try file.add(.init(name: "shop", url: url, token: nil)) }
            #expect(file.entries.map(\.url) == ["http://b"])
        }
    }

    @Test(arguments: ["", "local", "-x", "a b", "a/b", "ä", String(repeating: "a", count: 65)])
    func refusesNames(name: String) throws {
        try withFolder { _, path in
            var file = try ContextFile(path: path)
            let failure = #expect(throws: CommandError.self) {
                try file.add(.init(name: name, url: "http://a", token: nil))
            }
            #expect(failure?.code == .usage)
        }
    }

    @Test(arguments: [
        "", "{", "[]", #"{"contexts":[{"name":"a"}]}"#, #"{"contexts":[{"name":"a","url":"ftp://x"}]}"#,
        #"{"contexts":[{"name":"a","url":"http://x","token":"t","tokenFile":"f"}]}"#,
    ])
    func aFileThatHoldsNoContextsIsAnErrorWithARemedy(text: String) throws {
        try withFolder { folder, path in
            try FileManager.default.createDirectory(
                atPath: "\(folder)/waybill", withIntermediateDirectories: true)
            try text.write(toFile: path, atomically: true, encoding: .utf8)
            let failure = #expect(throws: CommandError.self) { try ContextFile(path: path) }
            #expect(failure?.code == .usage && failure?.remedy?.contains("waybill context add") == true)
            #expect(failure?.message.contains(path) == true)
        }
    }

    @Test func findsTheFile() throws {
        #expect(
            try ContextFile.path(in: Environment(["XDG_CONFIG_HOME": "/c", "HOME": "/h"]))
                == "/c/waybill/contexts.json")
        for environment in [["HOME": "/h"], ["HOME": "/h", "XDG_CONFIG_HOME": "relative"]] {
            #expect(
                try ContextFile.path(in: Environment(environment)) == "/h/.config/waybill/contexts.json")
        }
        #expect(throws: CommandError.self) { try ContextFile.path(in: Environment([:])) }
    }

    @Test(arguments: [
        "shop.example", "ftp://x", "http://", "https://u:p@shop.example", "https://x/?a", "https://x/#a",
    ])
    func refusesAddresses(text: String) {
        let failure = #expect(throws: CommandError.self) { try ContextFile.url(text, from: "--url") }
        #expect(failure?.code == .usage)
    }

    // MARK: Precedence

    /// An option, the environment, the chosen context, the stack on this machine.
    @Test func theNearestNameOfADeploymentCounts() throws {
        try withFolder { folder, path in
            var file = try ContextFile(path: path)
            for name in ["chosen", "named"] {
                try file.add(
                    .init(name: name, url: "http://\(name)", token: .text(.init(Self.token(name)))))
            }
            try file.write()
            let home = ["XDG_CONFIG_HOME": folder]
            #expect(try deployment([], home).stack.url == nil)
            try file.choose("chosen")
            try file.write()
            #expect(try deployment([], home).stack.url == "http://chosen")
            func url(_ words: [String], _ environment: [String: String]) throws -> String? {
                try deployment(words, home.merging(environment) { $1 }).stack.url
            }
            #expect(try url([], [:]) == "http://chosen")
            #expect(try url([], ["WAYBILL_CONTEXT": "named"]) == "http://named")
            #expect(try url([], ["WAYBILL_URL": "http://e/", "WAYBILL_CONTEXT": "named"]) == "http://e")
            // The environment names a stack of this machine.
            for name in ["WAYBILL_STACK", "WAYBILL_VAR", "WAYBILL_PORT_OFFSET"] {
                #expect(try url([], [name: "100"]) == nil)
            }
            #expect(try url([], ["WAYBILL_CONTEXT": "local"]) == nil)
            #expect(try url(["--url", "http://o/"], ["WAYBILL_URL": "http://e"]) == "http://o")
            #expect(try url(["--context", "named"], ["WAYBILL_URL": "http://e"]) == "http://named")
            #expect(try url(["--context", "local"], ["WAYBILL_URL": "http://e"]) == nil)
            #expect(try url(["--stack", "/s.json"], ["WAYBILL_URL": "http://e"]) == nil)
            #expect(try deployment(["--stack", "/s.json"], home).stack.path == "/s.json")
            for words in [
                ["--url", "http://o", "--context", "named"], ["--stack", "/s", "--url", "http://o"],
            ] {
                let failure = #expect(throws: CommandError.self) { try url(words, [:]) }
                #expect(failure?.code == .usage)
            }
            #expect(throws: CommandError.self) { try url(["--context", "absent"], [:]) }
        }
    }

    @Test func aContextsTokenGoesToItsAddressAlone() throws {
        try withFolder { folder, path in
            var file = try ContextFile(path: path)
            try file.add(.init(name: "shop", url: "http://shop", token: .text(.init(Self.token("ada")))))
            try file.choose("shop")
            try file.write()
            let home = ["XDG_CONFIG_HOME": folder]
            #expect(try deployment([], home).token?.user == "ada")
            #expect(try deployment(["--url", "http://elsewhere"], home).token == nil)
            #expect(try deployment(["--context", "local"], home).token == nil)
            let bob = Self.token("bob")
            #expect(try deployment([], home.merging(["WAYBILL_TOKEN": bob]) { $1 }).token?.user == "bob")
            let words = ["--token", Self.token("eve")]
            #expect(try deployment(words, home.merging(["WAYBILL_TOKEN": bob]) { $1 }).token?.user == "eve")
        }
    }

    // MARK: Tokens

    @Test func aTokenIsReadFromAFile() throws {
        try withFolder { folder, _ in
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let path = "\(folder)/token"
            try "\(Self.token("ada"))\n".write(toFile: path, atomically: true, encoding: .utf8)
            #expect(try deployment(["--token-file", path]).token?.user == "ada")
            #expect(try deployment([], ["WAYBILL_TOKEN_FILE": path]).token?.user == "ada")
            #expect(throws: CommandError.self) {
                try deployment(["--token-file", path, "--token", Self.token("bob")])
            }
            #expect(throws: CommandError.self) { try deployment(["--token-file", "\(folder)/absent"]) }
        }
    }

    @Test(arguments: [
        "", "abc", "a.b", "e30.bm90anNvbg.x", "e30.e30.x", token("ada", expires: now), "\(token("ada")) x",
    ])
    func refusesTokens(text: String) {
        let failure = #expect(throws: CommandError.self) {
            try AccessToken(text, from: "--token", now: Self.now)
        }
        #expect(failure?.remedy != nil)
        // Not even a part of what may be a secret.
        if text.count > 8 { #expect(failure?.message.contains(text.prefix(8)) == false) }
    }

    @Test func aTokenIsNeverPrinted() throws {
        let text = Self.token("ada")
        let token = try AccessToken(text, from: "--token", now: Self.now)
        for printed in [
            "\(token)", String(reflecting: token), String(reflecting: try deployment(["--token", text])),
        ] {
            #expect(!printed.contains("c2lnbmF0dXJl") && !printed.contains("e30."))
        }
        var dumped = ""
        dump(token, to: &dumped)
        #expect(!dumped.contains("c2lnbmF0dXJl"))
        #expect(token.reveal() == text)
    }
}
