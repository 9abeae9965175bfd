internal import Service

extension ContextFile {
    /// This user's.
    static func own() throws(CommandError) -> ContextFile {
        try ContextFile(path: path(in: .process()))
    }
}

extension Arguments {
    /// The name that a command of the family `context` takes.
    func contextName(_ command: String) throws(CommandError) -> String {
        guard positional.count == 1 else {
            throw CommandError(.usage, "\(command) takes one name", remedy: "waybill \(command) --help")
        }
        return positional[0]
    }
}
