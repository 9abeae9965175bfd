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
 * @typedef {object} Service  a replica of a service
 * @property {string} name
 * @property {string} url
 * @property {'ready'|'starting'|'draining'|'unavailable'|'unreachable'|'hung'} readiness
 * @property {string[]} reasons
 * @property {Record<string, number>} samples  of its metrics
 *
 * @typedef {{ name: string, isUp: boolean, error: string|null, version: string|null }} Server  behind the services
 *
 * @typedef {object} Problem  worst first
 * @property {'critical'|'warning'} severity
 * @property {string} code
 * @property {string} subject  which of its kind it is
 * @property {string} title
 * @property {string} meaning
 * @property {string} next  what to do
 * @property {string[]} effects  what it leads to, a sentence each
 * @property {number} [since]  milliseconds since 1970
 * @property {string} [link]
 *
 * @typedef {object} Queue
 * @property {string} name
 * @property {number} ready
 * @property {number} unacked  delivered, and in hand
 * @property {number} ageMs  an upper bound of the oldest message's age
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
 * @typedef {object} StatusSnapshot  omits what its server did not answer
 * @property {number} at  milliseconds since 1970
 * @property {Problem[]} problems
 * @property {Service[]} services
 * @property {Server[]} servers
 * @property {Queue[]} [queues]
 * @property {Replica[]} [replicas]
 * @property {{ waiting: number, ageMs: number }} [waiting]  orders, to be recorded
 * @property {{ waiting: number, ageMs: number }} [outbox]
 * @property {{ waiting: number, ageMs: number }} [intake]
 * @property {number} [failures]  orders within the last hour
 *
 * @typedef {{ names: string[], points: (number|null)[][] }} History  each point's first value is its time
 * @typedef {{ operator: string, hasLab: boolean, recent: OrderEvent[], history: History }} Hello  first event of the stream
 *
 * @typedef {object} FoundOrder
 * @property {number} id
 * @property {string} correlationId
 * @property {string} customerId
 * @property {string} status
 * @property {string} total
 * @property {string} currency
 * @property {string} createdAt
 * @property {string|null} failureCode
 * @property {boolean} isDeleted
 *
 * @typedef {object} Step  of an order; times in microseconds since 1970
 * @property {number} at
 * @property {string} text
 * @property {string} source
 * @property {number} [duration]
 * @property {string} [replica]
 * @property {string} [error]
 *
 * @typedef {object} Explanation
 * @property {Record<string, any>} order
 * @property {{ summary: string, next: string|null }} finding
 * @property {string[]} traces
 * @property {Step[]} steps
 * @property {DeadLetter[]} deadLetters
 * @property {ConnectedSession[]} sessions
 * @property {string[]} unknown  what is not known, and why
 *
 * @typedef {{ id: string, replica: string, protocol: string, since: string, position: string|null }} ConnectedSession
 *
 * @typedef {object} DeadLetter
 * @property {string} id
 * @property {string} [queue]
 * @property {string} correlationId
 * @property {number|null} orderId
 * @property {string|null} customerId
 * @property {string|null} traceId
 * @property {string} type
 * @property {string} sentBy
 * @property {number} attempt
 * @property {string|null} reason
 * @property {string|null} failedAt
 * @property {string} body
 *
 * @typedef {object} DeadLetterPage
 * @property {number} total  of the queue
 * @property {number} read  of which were looked at
 * @property {number} matching
 * @property {number} offset
 * @property {DeadLetter[]} items
 * @property {{ reason: string, count: number, words: string, isHopeless: boolean, senders: string[] }[]} groups
 *
 * @typedef {object} Replay
 * @property {number} id
 * @property {string} queue
 * @property {'trying'|'replaying'|'checking'|'done'|'stopped'} phase
 * @property {number} wanted
 * @property {number} replayed
 * @property {number} succeeded
 * @property {number} failedAgain
 * @property {string|null} problem
 * @property {{ id: string, correlationId: string, outcome: string|null }[]} outcomes
 *
 * @typedef {{ at: number, operator: string, act: string, subject: string }} Act  of an operator
 */
export {};
