import EventLoop
import Observability
import Testing

@testable import Service

@Suite struct SettingsTests {
    enum Choice: String, CaseIterable, Sendable { case apple, pear }

    static let size = SettingKey.integer("SIZE", in: 1...10, default: 3, "Size.")
    static let name = SettingKey.string("NAME", "Name.")
    static let nick = SettingKey.string("NICK", "Nick.").optional
    static let wait = SettingKey.duration(
        "WAIT", in: .milliseconds(10) ... .seconds(90), default: .seconds(5), "Wait.")
    static let flag = SettingKey.flag("FLAG", default: false, "Flag.")
    static let fruit = SettingKey.choice("FRUIT", default: Choice.apple, "Choice.")
    static let place = SettingKey.endpoint("PLACE", default: Endpoint(host: "h", port: 1), "Place.")
    static let keys = SettingKey.url("KEYS", schemes: ["https", "http"], "Keys.").optional
    static let secret = SettingKey.secret("WAYBILL_KEY", minimumBytes: 8, "Secret.").optional
    static let redis = SettingKey.connection("REDIS_URL", .redis, "Redis.").optional
    static let list = SettingKey.list("LIST", default: [], "List.")
    static let places = SettingKey.endpoints("PLACES", "Places.")
    static let proxies = SettingKey.addressRanges("PROXIES", default: "127.0.0.0/8", "Proxies.")
    static let origins = SettingKey.origins("ORIGINS", "Origins.")
    static let all: [any AnySettingKey] = [
        size, name, nick, wait, flag, fruit, place, keys, secret, redis, list, places, proxies, origins,
    ]

    private static let files = [
        "/run/key": "from a file\n", "/run/nul": "12345678\0", "/run/mark": "\u{FEFF}12345678",
    ]

    private func settings(_ values: [String: String], rules: [SettingsRule] = []) throws -> Settings {
        let values = values.merging(["NAME": "n"]) { given, _ in given }
        return try Settings(
            Environment(values) { Self.files[$0].map { Array($0.utf8) } }, keys: Self.all, rules: rules)
    }

    @Test func usesDefaultsWhenNothingIsSet() throws {
        let settings = try settings(["SIZE": "", "WAIT": ""])
        #expect(
            settings[Self.size] == 3 && settings[Self.wait] == .seconds(5) && settings[Self.flag] == false)
        #expect(settings[Self.fruit] == .apple && settings[Self.nick] == nil && settings[Self.list] == [])
        #expect(settings[Self.secret] == nil && settings[Self.redis] == nil)
        #expect(settings[Self.places] == [] && settings.warnings == [])
        #expect(settings[Self.proxies] == [IPAddressRange("127.0.0.0/8")] && settings[Self.origins] == [])
    }

    @Test func valuesAreTyped() throws {
        let settings = try settings([
            "SIZE": "10", "WAIT": "250ms", "FLAG": "on", "FRUIT": "pear", "PLACE": "[::1]:80", "NICK": "x",
            "KEYS": "https://host/keys", "WAYBILL_KEY": "12345678", "LIST": " a, b ,,c",
            "REDIS_URL": "redis://h", "PLACES": "a:1, [::1]:2",
            "PROXIES": "10.0.0.0/8, ::1", "ORIGINS": "https://a.example, http://[::1]:8080,*",
        ])
        #expect(
            settings[Self.places] == [Endpoint(host: "a", port: 1), Endpoint(host: "::1", port: 2)])
        #expect(settings[Self.size] == 10 && settings[Self.wait] == .milliseconds(250) && settings[Self.flag])
        #expect(settings[Self.fruit] == .pear && settings[Self.place] == Endpoint(host: "::1", port: 80))
        #expect(settings[Self.keys] == "https://host/keys" && settings[Self.secret]?.reveal() == "12345678")
        #expect(settings[Self.proxies] == [IPAddressRange("10.0.0.0/8"), IPAddressRange("::1")])
        #expect(settings[Self.origins] == ["https://a.example", "http://[::1]:8080", "*"])
        #expect(settings[Self.list] == ["a", "b", "c"] && settings[Self.redis]?.endpoint.host == "h")
    }

    @Test(arguments: [
        ("45", Duration.seconds(45)), ("1.5s", .milliseconds(1500)), ("1m", .seconds(60)),
        ("10ms", .milliseconds(10)),
        ("0.02h", .seconds(72)),
    ])
    func durationsTakeUnits(text: String, value: Duration) throws {
        #expect(try settings(["WAIT": text])[Self.wait] == value)
    }

    static let faults: [(String, String, String)] = [
        ("NAME", " n", "NAME has white space around it or a control character; write text"),
        ("NAME", "n\n", "NAME has white space around it or a control character; write text"),
        ("NAME", "a\u{1B}b", "NAME has white space around it or a control character; write text"),
        ("SIZE", "x", "SIZE is “x”, not an integer; write integer 1…10"),
        ("SIZE", "11", "SIZE is 11, out of range; write integer 1…10"),
        ("SIZE", "1 ", "SIZE is “1 ”, not an integer; write integer 1…10"),
        (
            "WAIT", "1d",
            "WAIT is “1d”, not a duration; write seconds, or a number with ms, s, m or h, 10ms…90"
        ),
        ("WAIT", "2m", "WAIT is 120, out of range; write seconds, or a number with ms, s, m or h, 10ms…90"),
        (
            "WAIT", "-1",
            "WAIT is “-1”, not a duration; write seconds, or a number with ms, s, m or h, 10ms…90"
        ),
        ("FLAG", "maybe", "FLAG is “maybe”; write on|off"),
        ("FRUIT", "plum", "FRUIT is “plum”; write apple|pear"),
        (
            "PROXIES", "10.0.0.0/8,edge",
            "PROXIES is “10.0.0.0/8,edge”; write comma list of addresses and networks, such as 10.0.0.0/8"
        ),
        (
            "ORIGINS", "https://a.example/",
            "ORIGINS has “https://a.example/”, which is no origin; "
                + "write comma list of origins, such as https://shop.example"
        ),
        ("PLACES", "a:1,b", "PLACES is “a:1,b”; write comma list of host:port"),
        ("PLACE", "nowhere", "PLACE is “nowhere”; write host:port, [v6]:port or :port"),
        ("KEYS", "ftp://h", "KEYS has another scheme or none; write https:// or http://host[:port]/path"),
        ("KEYS", "https://u:p@h", "KEYS has no plain host; write https:// or http://host[:port]/path"),
        ("WAYBILL_KEY", "hunter2", "WAYBILL_KEY has 7 bytes; write secret of 8 bytes or more"),
        (
            "WAYBILL_KEY_FILE", "/none",
            "WAYBILL_KEY cannot be read from “/none”; write WAYBILL_KEY_FILE=path of a readable text file"
        ),
        (
            "REDIS_URL", "redis://u:hunter2@h:x",
            "REDIS_URL has no host, or a port that is not 1…65535; "
                + "write redis[s]://[user:password@]host[:port][/database]"
        ),
    ]

    @Test(arguments: faults)
    func anErrorNamesKeyProblemAndRemedy(key: String, text: String, line: String) throws {
        let error = try #require(throws: ConfigurationError.self) { try settings([key: text]) }
        #expect(error.description == line)
    }

    @Test func reportsAllErrorsAtOnce() throws {
        let rule = SettingsRule(at: Self.nick) {
            $0.value(Self.flag) == true ? SettingError("is odd", write: "it") : nil
        }
        let error = try #require(throws: ConfigurationError.self) {
            try settings(["NAME": "", "SIZE": "x", "FRUIT": "plum", "FLAG": "on"], rules: [rule])
        }
        #expect(error.faults.map(\.key) == ["SIZE", "NAME", "FRUIT", "NICK"])
        #expect(error.description.contains("NAME is not set; write text"))
    }

    @Test func readsSecretsFromFiles() throws {
        #expect(try settings(["WAYBILL_KEY_FILE": "/run/key"])[Self.secret]?.reveal() == "from a file")
        let error = try #require(throws: ConfigurationError.self) {
            try settings(["WAYBILL_KEY_FILE": "/run/key", "WAYBILL_KEY": "12345678"])
        }
        for path in ["/run/nul", "/run/mark"] {
            #expect(throws: ConfigurationError.self) { try settings(["WAYBILL_KEY_FILE": path]) }
        }
        #expect(error.description == "WAYBILL_KEY is set, and so is WAYBILL_KEY_FILE; write only one of them")
    }

    @Test func warnsOfKeysThatWereNotMeant() throws {
        let settings = try settings([
            "WAYBILL_OTHER": "1", "WAYBILL_KEE": "1", "WAYBILL_KEY_FILE": "", "WAYBILL_NOTIFIERS": "3",
            "OTHER": "x", "ORIGIN": "x", "NAME_FILE": "x", "REDIS_URI": "x",
            "REDIS_PORT": "tcp://10.0.0.1:6379", "HOSTNAME": "x",
        ])
        #expect(
            settings.warnings == [
                "NAME_FILE is not read: NAME is no secret", "ORIGIN is not a key of this service; ORIGINS is",
                "REDIS_URI is not a key of this service; REDIS_URL is",
                "WAYBILL_KEE is not a key of this service; WAYBILL_KEY is",
                "WAYBILL_OTHER is not a key of this service",
            ])
    }

    @Test func readsTheProcessEnvironment() {
        #expect(Environment.process()["PATH"] != nil)
    }

    @Test func theTableListsEveryKey() {
        let table = SettingTable.markdown(Self.all)
        #expect(table.contains("| `SIZE` | integer 1…10 | `3` | Size. |"))
        #expect(table.contains("| `NAME` | text | required | Name. |"))
        #expect(table.contains("| `FRUIT` | apple\\|pear | `apple` | Choice. |"))
        #expect(table.contains("the file that `WAYBILL_KEY_FILE` names"))
        #expect(SettingTable.text(Self.all).contains("WAIT=seconds"))
    }

    @Test func theLogFormatDependsOnTheTerminal() {
        #expect(LogStyle.auto.format(isTerminal: false, noColour: false) == .json)
        #expect(LogStyle.auto.format(isTerminal: true, noColour: false) == .text(colours: true))
        #expect(LogStyle.auto.format(isTerminal: true, noColour: true) == .text(colours: false))
        #expect(LogStyle.text.format(isTerminal: false, noColour: false) == .text(colours: false))
        #expect(LogStyle.json.format(isTerminal: true, noColour: false) == .json)
    }
}
