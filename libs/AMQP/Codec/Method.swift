/// Class and method numbers of AMQP 0-9-1 (class in the high half) that this client supports.
package enum AMQPMethodID: UInt32, Sendable {
    case connectionStart = 0x000A_000A
    case connectionStartOk = 0x000A_000B
    case connectionTune = 0x000A_001E
    case connectionTuneOk = 0x000A_001F
    case connectionOpen = 0x000A_0028
    case connectionOpenOk = 0x000A_0029
    case connectionClose = 0x000A_0032
    case connectionCloseOk = 0x000A_0033
    case connectionBlocked = 0x000A_003C
    case connectionUnblocked = 0x000A_003D
    case channelOpen = 0x0014_000A
    case channelOpenOk = 0x0014_000B
    case channelFlow = 0x0014_0014
    case channelFlowOk = 0x0014_0015
    case channelClose = 0x0014_0028
    case channelCloseOk = 0x0014_0029
    case exchangeDeclare = 0x0028_000A
    case exchangeDeclareOk = 0x0028_000B
    case exchangeDelete = 0x0028_0014
    case exchangeDeleteOk = 0x0028_0015
    case queueDeclare = 0x0032_000A
    case queueDeclareOk = 0x0032_000B
    case queueBind = 0x0032_0014
    case queueBindOk = 0x0032_0015
    case queueDelete = 0x0032_0028
    case queueDeleteOk = 0x0032_0029
    case basicQos = 0x003C_000A
    case basicQosOk = 0x003C_000B
    case basicConsume = 0x003C_0014
    case basicConsumeOk = 0x003C_0015
    case basicCancel = 0x003C_001E
    case basicCancelOk = 0x003C_001F
    case basicPublish = 0x003C_0028
    case basicReturn = 0x003C_0032
    case basicDeliver = 0x003C_003C
    case basicGet = 0x003C_0046
    case basicGetOk = 0x003C_0047
    case basicGetEmpty = 0x003C_0048
    case basicAck = 0x003C_0050
    case basicReject = 0x003C_005A
    case basicNack = 0x003C_0078
    case confirmSelect = 0x0055_000A
    case confirmSelectOk = 0x0055_000B
}

/// The methods the broker sends.
package enum AMQPServerMethod: Sendable, Equatable {
    case connectionStart(major: UInt8, minor: UInt8, properties: AMQPTable, mechanisms: String)
    case connectionTune(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16)
    case connectionOpenOk
    case connectionClose(replyCode: UInt16, replyText: String)
    case connectionCloseOk
    case connectionBlocked(reason: String)
    case connectionUnblocked
    case channelOpenOk
    case channelFlow(active: Bool)
    case channelClose(replyCode: UInt16, replyText: String)
    case channelCloseOk
    case exchangeDeclareOk
    case exchangeDeleteOk
    case queueDeclareOk(queue: String, messages: UInt32, consumers: UInt32)
    case queueBindOk
    case queueDeleteOk(messages: UInt32)
    case basicQosOk
    case basicConsumeOk(consumerTag: String)
    case basicCancel(consumerTag: String)
    case basicCancelOk(consumerTag: String)
    case basicReturn(replyCode: UInt16, replyText: String, exchange: String, routingKey: String)
    case basicDeliver(tag: UInt64, isRedelivered: Bool, exchange: String, routingKey: String)
    case basicGetOk(tag: UInt64, isRedelivered: Bool, exchange: String, routingKey: String)
    case basicGetEmpty
    case basicAck(tag: UInt64, multiple: Bool)
    case basicNack(tag: UInt64, multiple: Bool)
    case confirmSelectOk
}

/// The methods the client sends. `basic.publish` is sent with its content by `AMQPCodec.appendPublish`.
package enum AMQPClientMethod: Sendable, Equatable {
    case connectionStartOk(properties: AMQPTable, mechanism: String, response: [UInt8], locale: String)
    case connectionTuneOk(channelMax: UInt16, frameMax: UInt32, heartbeat: UInt16)
    case connectionOpen(virtualHost: String)
    case connectionClose(replyCode: UInt16, replyText: String)
    case connectionCloseOk
    case channelOpen
    case channelFlowOk(active: Bool)
    case channelClose(replyCode: UInt16, replyText: String)
    case channelCloseOk
    case exchangeDeclare(name: String, kind: String, isDurable: Bool, isPassive: Bool, arguments: AMQPTable)
    case exchangeDelete(name: String)
    case queueDeclare(
        name: String, isDurable: Bool, isExclusive: Bool, isAutoDelete: Bool, isPassive: Bool,
        arguments: AMQPTable)
    case queueBind(queue: String, exchange: String, routingKey: String, arguments: AMQPTable)
    case queueDelete(queue: String)
    case basicQos(prefetch: UInt16)
    case basicConsume(queue: String, consumerTag: String, isExclusive: Bool)
    case basicCancel(consumerTag: String)
    case basicCancelOk(consumerTag: String)
    case basicGet(queue: String)
    case basicAck(tag: UInt64, multiple: Bool)
    case basicReject(tag: UInt64, requeue: Bool)
    case basicNack(tag: UInt64, multiple: Bool, requeue: Bool)
    case confirmSelect
}
