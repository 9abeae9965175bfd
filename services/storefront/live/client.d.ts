/** The client library for pages that show their users' orders. Described in README.md. */

export type OrderStatus = 'ACCEPTED' | 'PROCESSING' | 'COMPLETED' | 'FAILED' | 'CANCELLED';

/** An order has another status. */
export interface OrderUpdate {
  /** Offset in the user's mailbox. PROCESSING is kept in no mailbox, and has none. */
  id?: number;
  correlationId: string;
  orderId: number;
  status: OrderStatus;
  /** RFC 3339 */
  occurredAt?: string;
}

/** A place in the user's mailbox. A connection that begins at it receives what followed. */
export interface Position {
  epoch: string;
  lastEventId: number;
}

export interface LiveState {
  phase: 'off' | 'connecting' | 'connected' | 'waiting' | 'offline';
  /** When connected. */
  replica?: string;
  /** When connected. */
  transport?: 'websocket' | 'sse';
  /** Of the next attempt, when waiting: milliseconds since 1970. */
  retryAt?: number;
}

export interface LiveOptions {
  /**
   * The user's token, or a function that gets one. It is called for the first token and for another when the service has
   * rejected one, with growing pauses while that does not help.
   */
  token: string | (() => string | Promise<string>);
  /** Of the service, such as `https://shop.example.com`; the page's own unless given. */
  origin?: string;
  /** Where to resume; from the latest update on unless given. */
  position?: Position | null;
  /** In order and without duplicates. */
  onUpdate?(update: OrderUpdate, position: Position | null): void;
  /** Updates may be missing: fetch the orders over REST. Called after the first connect without a position, too. */
  onGap?(position: Position | null): void;
  onState?(state: LiveState): void;
  /** The service rejected this token. For a page that gives a text as `token`, and calls `setToken()`. */
  onTokenRejected?(token: string): void;
  /** How connections are opened; tests replace it. */
  transports?: Transports;
}

export interface LiveConnection {
  readonly state: LiveState;
  /** To be stored, and given to the next `connect()`. */
  readonly position: Position | null;
  /** Refreshes the session in place. A token of another user ends it: close this connection and open another. */
  setToken(token: string): void;
  /** A page's own `online` and `offline` events are followed without a call. */
  setOnline(isOnline: boolean): void;
  /** Skips the rest of the pause before the next attempt. */
  reconnectNow(): void;
  close(): void;
}

/** Opens a connection, and keeps it until `close()`. */
export function connect(options: LiveOptions): LiveConnection;

export interface OpenOptions {
  token: string;
  position: Position | null;
}

export interface TransportHandlers {
  message(message: any): void;
  /** Data arrived, heartbeats included. */
  activity(): void;
  /** Once; a WebSocket close code for either transport. */
  closed(code: number): void;
}

export interface OpenTransport {
  /** Does nothing on a one-way transport. */
  send(message: object): void;
  /** `closed` is not called afterwards. */
  close(): void;
}

export type Transport = (options: OpenOptions, handlers: TransportHandlers) => OpenTransport;
export interface Transports {
  websocket: Transport;
  sse: Transport;
}
