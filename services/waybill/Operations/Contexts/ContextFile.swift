internal import Bytes
internal import HTTP
internal import JSON
internal import Observability
internal import Service

/// `contexts.json`: the deployments to which this user has given names, and the chosen one. It may hold tokens: only its
/// owner can read it.
struct ContextFile: Sendable {
    enum Token: Sendable {
        case text(Secret<String>)
        /// Read at each use, so that it may be renewed.
        case file(String)
    }

    struct Entry: Sendable {
        let name: String
        /// Without a slash at the end.
        let url: String
        let token: Token?
    }

    /// The stack of this machine, which is always there.
    static let local = "local"
    static let limit = 100

    let path: String
    private(set) var entries: [Entry] = []
    /// Nil for the stack of this machine.
    private(set) var chosen: String?

    /// `waybill/contexts.json` in `XDG_CONFIG_HOME`, else in `.config` of the home folder (XDG Base Directory, 0.8).
    static func path(in environment: Environment) throws(CommandError) -> String {
        // The specification: a path that is not absolute is ignored.
        if let folder = environment["XDG_CONFIG_HOME"], folder.hasPrefix("/") {
            return "\(folder)/waybill/contexts.json"
        }
        guard let home = environment["HOME"] else {
            throw CommandError(
                .usage, "there is no folder for contexts.json", remedy: "set HOME or XDG_CONFIG_HOME")
        }
        return "\(home)/.config/waybill/contexts.json"
    }

    /// Reads the file; without one there are no contexts.
    init(path: String) throws(CommandError) {
        self.path = path
        guard SystemCalls.modificationTime(of: path) != nil else { return }
        guard let bytes = SystemCalls.contents(of: path) else {
            throw CommandError(.usage, "\(path) cannot be read", remedy: "chmod 600 \(path)")
        }
        guard let document = try? JSONValue(parsing: bytes.span), let list = document["contexts"]?.array,
            list.count <= Self.limit
        else { throw Self.unusable(path) }
        for value in list {
            guard let entry = Self.entry(value) else { throw Self.unusable(path) }
            entries.append(entry)
        }
        chosen = document["current"]?.string
    }

    private static func unusable(_ path: String) -> CommandError {
        CommandError(
            .usage, "\(path) does not hold contexts",
            remedy: "correct it, or remove it and add them again: waybill context add NAME --url URL")
    }

    private static func entry(_ value: JSONValue) -> Entry? {
        guard let name = value["name"]?.string, isName(name), let address = value["url"]?.string,
            let url = try? Self.url(address, from: "")
        else { return nil }
        switch (value["token"]?.string, value["tokenFile"]?.string) {
        case (let text?, nil): return Entry(name: name, url: url, token: .text(Secret(text)))
        case (nil, let file?): return Entry(name: name, url: url, token: .file(file))
        case (nil, nil): return Entry(name: name, url: url, token: nil)
        case (_?, _?): return nil
        }
    }

    // MARK: Contexts

    func entry(named name: String) throws(CommandError) -> Entry {
        guard let entry = entries.first(where: { $0.name.hasSameBytes(as: name) }) else {
            throw CommandError(
                .usage, "there is no context \(name.printable)", remedy: "waybill context list")
        }
        return entry
    }

    /// Adds a context, or replaces the one of that name.
    mutating func add(_ entry: Entry) throws(CommandError) {
        guard Self.isName(entry.name) else {
            throw CommandError(
                .usage, "\(entry.name.printable) cannot be a context's name",
                remedy: "use 1 to 64 letters, digits, dots, dashes or underscores, and not \(Self.local)")
        }
        entries.removeAll { $0.name.hasSameBytes(as: entry.name) }
        guard entries.count < Self.limit else {
            throw CommandError(
                .failure, "there are \(Self.limit) contexts already", remedy: "waybill context remove NAME")
        }
        entries.append(entry)
    }

    /// - Parameter name: ``local`` for the stack of this machine.
    mutating func choose(_ name: String) throws(CommandError) {
        if name.hasSameBytes(as: Self.local) {
            chosen = nil
        } else {
            chosen = try entry(named: name).name
        }
    }

    mutating func remove(_ name: String) throws(CommandError) {
        _ = try entry(named: name)
        entries.removeAll { $0.name.hasSameBytes(as: name) }
        if chosen?.hasSameBytes(as: name) == true { chosen = nil }
    }

    private static func isName(_ name: String) -> Bool {
        name.utf8.count <= 64 && name.utf8.first.map { isAlphanumeric($0) } == true
            && name.utf8.allSatisfy { isAlphanumeric($0) || "._-".utf8.contains($0) }
            && !name.hasSameBytes(as: local)
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: false
        }
    }

    /// A deployment's address, without a slash at its end.
    /// - Parameter origin: where it is from, such as `--url`.
    static func url(_ text: String, from origin: String) throws(CommandError) -> String {
        let url = text.hasSuffix("/") ? String(text.dropLast()) : text
        guard url.hasPrefix("http://") || url.hasPrefix("https://"),
            !url.contains(where: { "?#".contains($0) }),
            (try? HTTPURL(url)) != nil
        else {
            throw CommandError(
                .usage, "\(text.printable) of \(origin) is not an address",
                remedy: "\(origin) https://shop.example, or http://host:port")
        }
        return url
    }

    // MARK: Writing

    func write() throws(CommandError) {
        let folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
        guard SystemCalls.createFolder(folder, mode: 0o700),
            SystemCalls.replaceFile(at: path, with: json.encode() + [UInt8(ascii: "\n")])
        else {
            throw CommandError(
                .failure, "\(path) cannot be written", remedy: "make \(folder) writable for this user")
        }
    }

    private var json: JSONValue {
        let list = entries.map { entry in
            var members = [JSONValue.Member("name", .string(entry.name)), .init("url", .string(entry.url))]
            switch entry.token {
            case .text(let secret): members.append(.init("token", .string(secret.reveal())))
            case .file(let path): members.append(.init("tokenFile", .string(path)))
            case nil: break
            }
            return JSONValue.object(members)
        }
        return .object([
            .init("current", chosen.map { .string($0) } ?? .null), .init("contexts", .array(list)),
        ])
    }
}
