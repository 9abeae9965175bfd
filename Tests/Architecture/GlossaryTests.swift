import Foundation
import Testing

/// Words that the terms of docs/glossary.md replaced do not come back as names in code.
@Suite struct GlossaryTests {
    /// As type names are written; `LooseEnds` also stands for `looseEnds`, `loose_ends` and `loose-ends`.
    static let replaced = [
        // order-notification
        "Audience", "Audiences", "Outlet", "Guest", "Ticket", "Dialect", "DialectFault", "Farewell",
        "BidFarewell",
        "Attendance", "Tally", "Chores", "Door", "NewsFeed", "NewsHandler", "OrderNews", "NotifyUsers",
        "Allowance",
        "Deaf", "HubCodec", "EventsCodec",
        // order-accept
        "LooseEnds", "LettingGo", "Ground", "Callers", "PlaceOrder", "Archive", "KeyInFlight", "Younger",
        "Elder",
        // order-process, Messaging, Orders
        "ProcessMeters", "Meters", "Courtesy", "HeldUp", "Parked", "Park", "Letter", "Workload", "Verdict",
        "TakeApart", "MessageScope", "RetryLadder", "Announcement",
        // WorkflowState, OrderRecords
        "LetGo", "Lifetimes", "PublishedMarks", "Revive",
        // AMQP, Redis, Postgres
        "Participant", "Agreement", "AckLedger", "Ring", "Resting", "NoteNews", "Violate", "WaitingRoom",
        "SoundAfter", "Births", "IsPristine",
        // EventLoop, HTTP, JSON, Service
        "DeliverNews", "Resumption", "CommonFields", "Nowhere", "OwesContinue", "WhenLost", "WhenFree",
        "WebAddress",
        "Words", "Manner", "RequestScope", "KeyFault",
        // waybill, console, storefront, infra, Tests
        "Seat", "SeatBook", "Chronicle", "Story", "Strike", "FailoverPicture", "OperatorDoor", "Survey",
        "Diagnosis",
        "Checkout", "Keeper", "Detour", "Blow", "Calm", "Buyers", "Oddities", "Fuse", "Bench", "ArchiveWorld",
        "DeafClient", "Leftovers", "Backstage", "Rooms", "WallTests", "HabitTests", "Desk", "Pieces",
    ].reduce(into: Set<[String]>()) { $0.insert(Name($1).words) }

    /// An identifier in its plain sense: where, and why.
    struct Exception: Sendable {
        let identifier: String
        /// The start of a path; empty for everywhere.
        let path: String
        let reason: String
    }

    static let exceptions = [
        Exception(identifier: "audience", path: "", reason: "a token's `aud`"),
        Exception(
            identifier: "AUDIENCE", path: "infra/local/devstack/services.py", reason: "a token's `aud`"),
        Exception(identifier: "words", path: "", reason: "words of a text, a command line or a buffer"),
        Exception(identifier: "pieces", path: "Tests/", reason: "pieces in which bytes arrive"),
        Exception(identifier: "nowhere", path: "Tests/", reason: "an address at which nothing listens"),
        Exception(
            identifier: "letter", path: "services/storefront/catalogue/", reason: "a letter of the alphabet"),
        Exception(
            identifier: "announcement", path: "services/storefront/ui/", reason: "what a screen reader says"),
        Exception(identifier: "placeOrder", path: "services/storefront/", reason: "a verb with its object"),
        Exception(
            identifier: "placeOrder", path: "Tests/System/Storefront/", reason: "a verb with its object"),
        Exception(
            identifier: "checkout", path: "services/storefront/", reason: "the page that orders a cart"),
        Exception(
            identifier: "Checkout", path: "services/storefront/", reason: "the page that orders a cart"),
        Exception(identifier: "Checkout", path: "Tests/System/", reason: "the storefront's checkout"),
        Exception(identifier: "checkout", path: "Tests/System/", reason: "the storefront's checkout"),
        Exception(identifier: "checkout", path: "services/waybill/", reason: "a checkout of the repository"),
        Exception(identifier: "bench", path: "infra/local/bench/", reason: "benchmarks"),
        Exception(identifier: "archive", path: "infra/local/bench/", reason: "what git archive writes"),
        Exception(
            identifier: "Lifetimes", path: "Tests/System/Fuzz/run", reason: "a feature of the compiler"),
    ]

    @Test func namesAreTheGlossarysTerms() throws {
        var used: Set<Int> = []
        for path in RepositoryFiles.files {
            let identifiers = try Self.identifiers(in: path)
            for name in identifiers where name.contains(Self.replaced) {
                if let index = Self.exceptions.firstIndex(where: {
                    $0.identifier == name.text && path.hasPrefix($0.path)
                }) {
                    used.insert(index)
                } else {
                    Issue.record("\(path) names \(name.text)")
                }
            }
        }
        for (index, exception) in Self.exceptions.enumerated() where !used.contains(index) {
            Issue.record("\(exception.path) no longer needs its exception for \(exception.identifier)")
        }
    }

    /// The file's name, and the identifiers of its code.
    private static func identifiers(in path: String) throws -> Set<Name> {
        var found: Set<Name> = [
            Name(String(path.split(separator: "/").last?.prefix { $0 != "." } ?? ""), isName: true)
        ]
        guard let language = Language(path: path), let text = try? RepositoryFiles.text(of: path) else {
            return found
        }
        for match in language.code(of: text).matches(of: /[A-Za-z_][A-Za-z0-9_]*/) {
            found.insert(Name(String(match.output)))
        }
        return found
    }

    /// Replaced words without a plain sense that the project needs: not even comments, strings and documents have them.
    static let images: Set = [
        "attendance", "audiences", "blow", "blows", "buyers", "chore", "chores", "chronicle", "confess",
        "courtesy", "deaf", "detour", "detours", "door", "doors", "elder", "farewell", "fuse", "gate",
        "gates",
        "goodbye", "habit", "habits", "keeper", "ladder", "ladders", "leftovers", "manner", "manners",
        "oddities",
        "outlet", "outlets", "parked", "patience", "roster", "seat", "seats", "story", "stories", "stranger",
        "strangers", "strike", "strikes", "survey", "tally", "ticket", "tickets", "untold", "verdict",
        "verdicts",
        "workload", "workloads", "younger",
    ]
    /// The change log says what names replaced; a published schema never changes; the license is not the project's text.
    static let unchecked = [
        "CHANGELOG.md", "LICENSE", "libs/OrderEvents/Schemas/", "Tests/Architecture/GlossaryTests",
    ]

    @Test func proseUsesTheGlossarysTerms() throws {
        for path in RepositoryFiles.files where !Self.unchecked.contains(where: path.hasPrefix) {
            guard let text = try? RepositoryFiles.text(of: path) else { continue }
            for word in text.lowercased().split(whereSeparator: { !$0.isLetter })
            where Self.images.contains(String(word)) {
                Issue.record("\(path) says \(word)")
            }
        }
    }

    @Test func matchesWholeWordsOnly() {
        func matches(_ identifier: String, _ word: String) -> Bool {
            Name(identifier).contains([Name(word).words])
        }
        #expect(matches("Audience", "Audience") && matches("AudienceRegistry", "Audience"))
        #expect(matches("looseEnds", "LooseEnds") && matches("loose_ends", "LooseEnds"))
        #expect(matches("PostgresArchive", "Archive") && matches("MyWaitingRoomTests", "WaitingRoom"))
        #expect(
            !matches("String", "Ring") && !matches("Seating", "Seat") && !matches("audienceClaim", "Audience")
        )
        #expect(!matches("WaitingLongRoom", "WaitingRoom") && !matches("DeadLetterQueue", "Letter"))
        #expect(Name("seat-book", isName: true).contains([["seat"]]))
    }

    @Test func looksAtCodeAlone() {
        #expect(
            Language.python.code(of: "a = 'Door' # Door\n\"\"\"Door\n\"\"\"\nb").contains("Door") == false)
        #expect(Language.javaScript.code(of: "a(`Door`) // Door\n/* Door\n*/ b").contains("Door") == false)
        #expect(Language.shell.code(of: "echo \"$DOOR\" # Door\n").contains("Door") == false)
        #expect(Language.swift.code(of: "let a = \"Door\" // Door\nb").contains("Door") == false)
    }
}

/// An identifier and the words that it is made of.
struct Name: Hashable, Sendable {
    let text: String
    let words: [String]
    /// Of a type or a file, any of whose words counts; another identifier counts as a whole.
    private let isName: Bool

    init(_ text: String) { self.init(text, isName: text.first?.isUppercase == true) }

    init(_ text: String, isName: Bool) {
        self.text = text
        self.isName = isName
        var words: [String] = []
        var previous: Character?
        for character in text {
            if "_-".contains(character) {
                previous = nil
                continue
            }
            let begins = previous.map { character.isUppercase && !$0.isUppercase } ?? true
            if begins { words.append("") }
            words[words.count - 1].append(contentsOf: character.lowercased())
            previous = character
        }
        self.words = words
    }

    /// Field terms that contain such a word.
    private static let terms: Set = [["dead", "letter"]]

    /// Whether it is, or as a name has among its words, one of `replaced`.
    func contains(_ replaced: Set<[String]>) -> Bool {
        guard isName else { return replaced.contains(words) }
        for start in words.indices {
            for end in start + 1..<min(start + 3, words.count) + 1
            where replaced.contains(Array(words[start..<end])) {
                let isTerm = start > 0 && Self.terms.contains(Array(words[start - 1..<end]))
                if !isTerm { return true }
            }
        }
        return false
    }
}

/// A programming language, as far as its comments and strings go.
enum Language: Sendable {
    case swift, python, javaScript, shell

    init?(path: String) {
        let name = path.split(separator: "/").last ?? ""
        switch name.split(separator: ".").last {
        case "swift": self = .swift
        case "py": self = .python
        case "js": self = .javaScript
        case "sh": self = .shell
        default:
            guard !name.contains("."), let text = try? RepositoryFiles.text(of: path), text.hasPrefix("#!")
            else {
                return nil
            }
            let line = text.prefix { $0 != "\n" }
            self = line.contains("python") ? .python : line.contains("node") ? .javaScript : .shell
        }
    }

    /// The text without comments and strings.
    func code(of text: String) -> String {
        switch self {
        case .swift: String(decoding: CodeScanner.codeOnly(of: Array(text.utf8)), as: UTF8.self)
        case .python:
            text.replacing(
                /(?s)"""(?:\\.|.)*?"""|'''(?:\\.|.)*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*/,
                with: "")
        case .javaScript:
            text.replacing(
                /(?s)\/\*.*?\*\/|\/\/[^\n]*|`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'/,
                with: "")
        case .shell: text.replacing(/(?s)"(?:\\.|[^"\\])*"|'[^']*'|(^|\s)#[^\n]*/, with: "")
        }
    }
}
