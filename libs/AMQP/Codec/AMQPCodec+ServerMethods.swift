internal import CRabbitMQ

extension AMQPCodec {
    /// The decoded method as a value; nil for one that only clients send.
    func method(_ id: AMQPMethodID, _ decoded: UnsafeMutableRawPointer) -> AMQPServerMethod? {
        switch id {
        case .basicAck:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_ack_t.self).pointee
            return .basicAck(tag: m.delivery_tag, multiple: m.multiple != 0)
        case .basicNack:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_nack_t.self).pointee
            return .basicNack(tag: m.delivery_tag, multiple: m.multiple != 0)
        case .basicDeliver:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_deliver_t.self).pointee
            return unsafe .basicDeliver(
                tag: m.delivery_tag, isRedelivered: m.redelivered != 0, exchange: Self.text(m.exchange),
                routingKey: Self.text(m.routing_key))
        case .basicReturn:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_return_t.self).pointee
            return unsafe .basicReturn(
                replyCode: m.reply_code, replyText: Self.text(m.reply_text), exchange: Self.text(m.exchange),
                routingKey: Self.text(m.routing_key))
        case .basicGetOk:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_get_ok_t.self).pointee
            return unsafe .basicGetOk(
                tag: m.delivery_tag, isRedelivered: m.redelivered != 0, exchange: Self.text(m.exchange),
                routingKey: Self.text(m.routing_key))
        case .basicConsumeOk:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_consume_ok_t.self).pointee
            return unsafe .basicConsumeOk(consumerTag: Self.text(m.consumer_tag))
        case .basicCancel:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_cancel_t.self).pointee
            return unsafe .basicCancel(consumerTag: Self.text(m.consumer_tag))
        case .basicCancelOk:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_basic_cancel_ok_t.self).pointee
            return unsafe .basicCancelOk(consumerTag: Self.text(m.consumer_tag))
        case .basicGetEmpty: return .basicGetEmpty
        case .basicQosOk: return .basicQosOk
        case .confirmSelectOk: return .confirmSelectOk
        default: return unsafe topologyMethod(id, decoded)
        }
    }

    private func topologyMethod(_ id: AMQPMethodID, _ decoded: UnsafeMutableRawPointer) -> AMQPServerMethod? {
        switch id {
        case .queueDeclareOk:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_queue_declare_ok_t.self).pointee
            return unsafe .queueDeclareOk(
                queue: Self.text(m.queue), messages: m.message_count, consumers: m.consumer_count)
        case .queueDeleteOk:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_queue_delete_ok_t.self).pointee
            return .queueDeleteOk(messages: m.message_count)
        case .queueBindOk: return .queueBindOk
        case .exchangeDeclareOk: return .exchangeDeclareOk
        case .exchangeDeleteOk: return .exchangeDeleteOk
        default: return unsafe connectionMethod(id, decoded)
        }
    }

    private func connectionMethod(_ id: AMQPMethodID, _ decoded: UnsafeMutableRawPointer) -> AMQPServerMethod?
    {
        switch id {
        case .connectionStart:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_connection_start_t.self).pointee
            return unsafe .connectionStart(
                major: m.version_major, minor: m.version_minor,
                properties: Self.table(m.server_properties, depth: 0), mechanisms: Self.text(m.mechanisms))
        case .connectionTune:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_connection_tune_t.self).pointee
            return .connectionTune(channelMax: m.channel_max, frameMax: m.frame_max, heartbeat: m.heartbeat)
        case .connectionClose:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_connection_close_t.self).pointee
            return unsafe .connectionClose(replyCode: m.reply_code, replyText: Self.text(m.reply_text))
        case .connectionBlocked:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_connection_blocked_t.self).pointee
            return unsafe .connectionBlocked(reason: Self.text(m.reason))
        case .channelClose:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_channel_close_t.self).pointee
            return unsafe .channelClose(replyCode: m.reply_code, replyText: Self.text(m.reply_text))
        case .channelFlow:
            let m = unsafe decoded.assumingMemoryBound(to: amqp_channel_flow_t.self).pointee
            return .channelFlow(active: m.active != 0)
        case .connectionOpenOk: return .connectionOpenOk
        case .connectionCloseOk: return .connectionCloseOk
        case .connectionUnblocked: return .connectionUnblocked
        case .channelOpenOk: return .channelOpenOk
        case .channelCloseOk: return .channelCloseOk
        default: return nil
        }
    }
}
