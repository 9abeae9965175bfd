internal import CRabbitMQ

extension AMQPCodec {
    /// Encodes a method into the scratch; returns the payload's size.
    func encode(_ method: AMQPClientMethod) throws(AMQPError) -> Int {
        switch method {
        case .connectionStartOk, .connectionTuneOk, .connectionOpen, .connectionClose, .connectionCloseOk:
            try encodeConnection(method)
        case .channelOpen, .channelFlowOk, .channelClose, .channelCloseOk, .confirmSelect:
            try encodeChannel(method)
        case .exchangeDeclare, .exchangeDelete, .queueDeclare, .queueBind, .queueDelete:
            try encodeTopology(method)
        default:
            try encodeBasic(method)
        }
    }

    private func encodeConnection(_ method: AMQPClientMethod) throws(AMQPError) -> Int {
        switch method {
        case .connectionStartOk(let properties, let mechanism, let response, let locale):
            var m = unsafe amqp_connection_start_ok_t()
            unsafe m.client_properties = try pooled(properties)
            unsafe m.mechanism = try pooledShort(mechanism)
            unsafe m.response = pooled(response)
            unsafe m.locale = try pooledShort(locale)
            return try unsafe encode(.connectionStartOk, &m)
        case .connectionTuneOk(let channelMax, let frameMax, let heartbeat):
            var m = amqp_connection_tune_ok_t(
                channel_max: channelMax, frame_max: frameMax, heartbeat: heartbeat)
            return try encode(.connectionTuneOk, &m)
        case .connectionOpen(let virtualHost):
            var m = unsafe amqp_connection_open_t()
            unsafe m.virtual_host = try pooledShort(virtualHost)
            return try unsafe encode(.connectionOpen, &m)
        case .connectionClose(let replyCode, let replyText):
            var m = unsafe amqp_connection_close_t()
            unsafe m.reply_code = replyCode
            unsafe m.reply_text = try pooledShort(replyText)
            return try unsafe encode(.connectionClose, &m)
        default:
            var m = amqp_connection_close_ok_t()
            return try encode(.connectionCloseOk, &m)
        }
    }

    private func encodeChannel(_ method: AMQPClientMethod) throws(AMQPError) -> Int {
        switch method {
        case .channelOpen:
            var m = unsafe amqp_channel_open_t()
            return try unsafe encode(.channelOpen, &m)
        case .channelFlowOk(let active):
            var m = amqp_channel_flow_ok_t(active: active ? 1 : 0)
            return try encode(.channelFlowOk, &m)
        case .channelClose(let replyCode, let replyText):
            var m = unsafe amqp_channel_close_t()
            unsafe m.reply_code = replyCode
            unsafe m.reply_text = try pooledShort(replyText)
            return try unsafe encode(.channelClose, &m)
        case .channelCloseOk:
            var m = amqp_channel_close_ok_t()
            return try encode(.channelCloseOk, &m)
        default:
            var m = amqp_confirm_select_t()
            return try encode(.confirmSelect, &m)
        }
    }

    private func encodeTopology(_ method: AMQPClientMethod) throws(AMQPError) -> Int {
        switch method {
        case .exchangeDeclare(let name, let kind, let isDurable, let isPassive, let arguments):
            var m = unsafe amqp_exchange_declare_t()
            unsafe m.exchange = try pooledShort(name)
            unsafe m.type = try pooledShort(kind)
            unsafe m.durable = isDurable ? 1 : 0
            unsafe m.passive = isPassive ? 1 : 0
            unsafe m.arguments = try pooled(arguments)
            return try unsafe encode(.exchangeDeclare, &m)
        case .exchangeDelete(let name):
            var m = unsafe amqp_exchange_delete_t()
            unsafe m.exchange = try pooledShort(name)
            return try unsafe encode(.exchangeDelete, &m)
        case .queueDeclare(
            let name, let isDurable, let isExclusive, let isAutoDelete, let isPassive, let arguments):
            var m = unsafe amqp_queue_declare_t()
            unsafe m.queue = try pooledShort(name)
            unsafe m.durable = isDurable ? 1 : 0
            unsafe m.exclusive = isExclusive ? 1 : 0
            unsafe m.auto_delete = isAutoDelete ? 1 : 0
            unsafe m.passive = isPassive ? 1 : 0
            unsafe m.arguments = try pooled(arguments)
            return try unsafe encode(.queueDeclare, &m)
        case .queueBind(let queue, let exchange, let routingKey, let arguments):
            var m = unsafe amqp_queue_bind_t()
            unsafe m.queue = try pooledShort(queue)
            unsafe m.exchange = try pooledShort(exchange)
            unsafe m.routing_key = try pooledShort(routingKey)
            unsafe m.arguments = try pooled(arguments)
            return try unsafe encode(.queueBind, &m)
        case .queueDelete(let queue):
            var m = unsafe amqp_queue_delete_t()
            unsafe m.queue = try pooledShort(queue)
            return try unsafe encode(.queueDelete, &m)
        default:
            preconditionFailure("not a method of topology")
        }
    }

    private func encodeBasic(_ method: AMQPClientMethod) throws(AMQPError) -> Int {
        switch method {
        case .basicAck(let tag, let multiple):
            var m = amqp_basic_ack_t(delivery_tag: tag, multiple: multiple ? 1 : 0)
            return try encode(.basicAck, &m)
        case .basicReject(let tag, let requeue):
            var m = amqp_basic_reject_t(delivery_tag: tag, requeue: requeue ? 1 : 0)
            return try encode(.basicReject, &m)
        case .basicNack(let tag, let multiple, let requeue):
            var m = amqp_basic_nack_t(
                delivery_tag: tag, multiple: multiple ? 1 : 0, requeue: requeue ? 1 : 0)
            return try encode(.basicNack, &m)
        case .basicQos(let prefetch):
            var m = amqp_basic_qos_t(prefetch_size: 0, prefetch_count: prefetch, global: 0)
            return try encode(.basicQos, &m)
        case .basicConsume(let queue, let consumerTag, let isExclusive):
            var m = unsafe amqp_basic_consume_t()
            unsafe m.queue = try pooledShort(queue)
            unsafe m.consumer_tag = try pooledShort(consumerTag)
            unsafe m.exclusive = isExclusive ? 1 : 0
            return try unsafe encode(.basicConsume, &m)
        case .basicCancel(let consumerTag):
            var m = unsafe amqp_basic_cancel_t()
            unsafe m.consumer_tag = try pooledShort(consumerTag)
            return try unsafe encode(.basicCancel, &m)
        case .basicCancelOk(let consumerTag):
            var m = unsafe amqp_basic_cancel_ok_t()
            unsafe m.consumer_tag = try pooledShort(consumerTag)
            return try unsafe encode(.basicCancelOk, &m)
        case .basicGet(let queue):
            var m = unsafe amqp_basic_get_t()
            unsafe m.queue = try pooledShort(queue)
            return try unsafe encode(.basicGet, &m)
        default:
            preconditionFailure("not a method of the basic class")
        }
    }
}
