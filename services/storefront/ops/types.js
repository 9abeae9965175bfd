/**
 * JSON of the console service (`/ops/api`).
 *
 * @typedef {object} OrderEvent  of the event store
 * @property {number} position  global position
 * @property {number} orderId
 * @property {string} type  such as `order.accepted.v1`
 * @property {number} at  milliseconds since 1970
 * @property {string} [customer]
 * @property {number} [lines]
 * @property {string} [reason]  of a failure
 * @property {number} [tookMs]  since the order was accepted
 *
 * @typedef {{ name: string, url: string, isUp: boolean, samples?: Record<string, number> }} Service  with its metrics
 *
 * @typedef {object} Queue
 * @property {string} name
 * @property {number} ready
 * @property {number} consumers
 * @property {number} retrying
 * @property {number} dead
 *
 * @typedef {object} Replica  of order-notification, as it registers itself
 * @property {string} replica
 * @property {string} address
 * @property {string} startedAt
 * @property {boolean} draining
 * @property {Record<string, number>} sessions  by protocol
 * @property {number} userCount
 *
 * @typedef {object} StatusSnapshot  omits what is unavailable and names it in `away`
 * @property {number} at  milliseconds since 1970
 * @property {Service[]} services
 * @property {Queue[]} [queues]
 * @property {Replica[]} [replicas]
 * @property {{ waiting: number, ageMs: number }} [outbox]
 * @property {string[]} away
 *
 * @typedef {{ operator: string, hasLab: boolean, recent: OrderEvent[] }} Hello  first event of the stream
 *
 * @typedef {object} DeadLetter
 * @property {string} id
 * @property {string} correlationId
 * @property {string} type
 * @property {string} sentBy
 * @property {number} attempt
 * @property {string|null} reason
 * @property {string|null} failedAt
 * @property {string} body
 */
export {};
