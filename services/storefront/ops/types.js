/**
 * What the console's service says (`/ops/api`).
 *
 * @typedef {object} Entry  something that happened to an order
 * @property {number} position  in the event log
 * @property {number} orderId
 * @property {string} type  `order.accepted.v1`, …
 * @property {number} at  milliseconds since 1970
 * @property {string} [customer]
 * @property {number} [lines]
 * @property {string} [reason]  of a failure
 * @property {number} [tookMs]  since the order was accepted
 *
 * @typedef {{ name: string, url: string, isUp: boolean, samples?: Record<string, number> }} Service
 *
 * @typedef {object} Queue
 * @property {string} name
 * @property {number} ready
 * @property {number} consumers
 * @property {number} retrying
 * @property {number} dead
 *
 * @typedef {object} Replica  as a notifier registers itself
 * @property {string} replica
 * @property {string} address
 * @property {string} startedAt
 * @property {boolean} draining
 * @property {Record<string, number>} sessions  by protocol
 * @property {number} userCount
 *
 * @typedef {object} State  how everything stands; what does not answer is missing, and named in `away`
 * @property {number} at  milliseconds since 1970
 * @property {Service[]} services
 * @property {Queue[]} [queues]
 * @property {Replica[]} [replicas]
 * @property {{ waiting: number, ageMs: number }} [outbox]
 * @property {string[]} away
 *
 * @typedef {{ operator: string, hasLab: boolean, recent: Entry[] }} Hello
 *
 * @typedef {object} Letter  a message that was given up
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
