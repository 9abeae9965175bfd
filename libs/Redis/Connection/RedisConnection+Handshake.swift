package import EventLoop

extension RedisConnection {
    /// Connects, authenticates, names the connection and selects the database, within `connectTimeout`.
    package static func connect(
        to endpoint: Endpoint? = nil, _ configuration: RedisConfiguration
    ) async throws(RedisError) -> RedisConnection {
        let deadline = Instant.systemNow() + configuration.connectTimeout
        let transport: Transport
        do {
            transport = try await Transport.connect(
                to: endpoint ?? configuration.endpoint, tls: configuration.tls,
                timeout: configuration.connectTimeout)
        } catch {
            throw RedisError(error.code == .tls ? .tls : .notConnected, "\(error)")
        }
        let connection = RedisConnection(transport, configuration)
        do throws(RedisError) {
            let replies = try await connection.send(handshakeCommands(configuration), deadline: deadline)
            guard configuration.requiresPrimary else {
                for reply in replies { _ = try reply.get() }
                return connection
            }
            for reply in replies.dropLast(2) { _ = try reply.get() }
            let role = replies[replies.count - 2]
            if role.isReplica { throw RedisError.readOnly }
            if case .error = role { connection.mayAskForRole = false }
            return connection
        } catch {
            connection.close()
            throw error
        }
    }

    private static func handshakeCommands(_ configuration: RedisConfiguration) -> RedisBatch {
        var batch = RedisBatch()
        if let password = configuration.password {
            if let user = configuration.user {
                batch.add("AUTH", user, password)
            } else {
                batch.add("AUTH", password)
            }
        }
        if let name = configuration.clientName { batch.add("CLIENT", "SETNAME", name) }
        if configuration.database != 0 { batch.add("SELECT", configuration.database) }
        // Verifies that the server answers and that the user is authorized.
        batch.add("PING")
        if configuration.requiresPrimary {
            batch.add("ROLE")
            // A script that does not exist. Any reply shows that the server answers writes, which `CLIENT PAUSE WRITE` and
            // a failover hold back while reads are answered; and it needs no key.
            batch.add("EVALSHA", "0000000000000000000000000000000000000000", 0)
        }
        return batch
    }
}

extension RedisValue {
    /// Whether this answer to ROLE is that of a replica. A user may not be allowed to ask.
    var isReplica: Bool { array?.first?.string == "slave" }
}
