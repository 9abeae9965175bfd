/**
 * JSON of the REST API (/api/openapi.yaml) and of the notification frames.
 *
 * @typedef {object} Product
 * @property {string} externalProductId
 * @property {string} name
 * @property {string} category
 * @property {string} vendor
 * @property {string} imageUrl
 * @property {number} discount  percent, already included in the price
 * @property {'Monthly'|'Annual'} billingPeriod
 * @property {boolean} isSubscription
 * @property {number} price
 *
 * @typedef {import('../live/client').OrderStatus} OrderStatus
 *
 * @typedef {object} OrderItem
 * @property {string} productId
 * @property {string} productName
 * @property {string} imageUrl
 * @property {number} unitPrice
 * @property {number} quantity
 *
 * @typedef {object} Order
 * @property {number} id
 * @property {string} correlationId
 * @property {string} createdAt  RFC 3339
 * @property {OrderStatus} status
 * @property {number} total
 * @property {string} currency
 * @property {OrderItem[]} items
 * @property {{ code: string, detail: string }} [failure]  of a FAILED order
 * @property {{ status: OrderStatus, at: string }[]} [history]  of one order that was fetched
 *
 * @typedef {import('../live/client').OrderUpdate} OrderUpdate  an `order.status` frame
 */

/**
 * @template T
 * @typedef {object} Page
 * @property {number} offset
 * @property {number} size
 * @property {number} total
 * @property {T[]} items
 * @property {string} [next]  of orders: the cursor of the page that follows
 */
export {};
