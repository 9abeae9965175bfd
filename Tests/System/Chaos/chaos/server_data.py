"""Reads PostgreSQL, Redis and RabbitMQ directly, without the services."""

import urllib.error

import psycopg2
import redis
import redis.cluster

QUEUES = tuple(f"order.{name}.{kind}" for name in ("accepted", "processed", "failed") for kind in ("dlq", "dead"))
ORDERS = """
    SELECT orders.id, correlation_id::text, customer_id, status, total::text, orders.deleted_at IS NOT NULL,
           coalesce(json_agg(json_build_array(product_id, quantity, unit_price::text) ORDER BY line)
               FILTER (WHERE line IS NOT NULL), '[]')
    FROM orders LEFT JOIN order_items ON order_id = orders.id WHERE customer_id = ANY(%s) GROUP BY orders.id"""
EVENTS = """
    SELECT order_id, type, count(*), count(outbox.order_id), max(occurred_at), max(metadata->>'traceparent')
    FROM order_events LEFT JOIN order_outbox outbox USING (order_id, version) GROUP BY order_id, type"""
ALIASES = "SELECT order_id, target_id FROM order_aliases"


class Database:
    def __init__(self, uri):
        self.uri = uri

    def rows(self, statement, *values):
        with psycopg2.connect(self.uri, connect_timeout=3) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall()

    def orders(self, users):
        names = ("id", "cid", "user", "status", "total", "deleted", "lines")
        return [dict(zip(names, row)) for row in self.rows(ORDERS, list(users))]

    def events(self):
        """order id → type → (count, unpublished count, time of the last, traceparent)."""
        found = {}
        for order, kind, *facts in self.rows(EVENTS):
            found.setdefault(order, {})[kind] = tuple(facts)
        return found

    def unfinished(self, ids):
        """How many of these orders lack a published order.processed.v1."""
        aliases = self.aliases()
        ids = {aliases.get(id, id) for id in ids}
        finished = self.rows(
            "SELECT count(DISTINCT order_id) FROM order_events WHERE order_id = ANY(%s) "
            "AND type IN ('order.processed.v1', 'order.cancelled.v1') "
            "AND (order_id, version) NOT IN (SELECT order_id, version FROM order_outbox)", list(ids))
        return len(ids) - finished[0][0]

    def aliases(self):
        """Id of a request that repeated another's key → id of the order."""
        return dict(self.rows(ALIASES))

    def waiting(self):
        """Orders in the intake table."""
        return self.rows("SELECT count(*) FROM order_intake")[0][0]


class Cache:
    def __init__(self, settings):
        options = {
            "username": settings["user"], "password": settings["password"], "decode_responses": True, "socket_timeout": 5}
        self.is_cluster = "cluster" in settings
        if self.is_cluster:
            nodes = [redis.cluster.ClusterNode(*address.split(":")) for address in settings["cluster"]]
            self.client = redis.cluster.RedisCluster(startup_nodes=nodes, **options)
        else:
            self.client = redis.Redis(settings["host"], settings["port"], **options)

    def forget(self):
        self.client.flushall()

    def forget_orders(self):
        """Deletes every key of an order and of a request."""
        keys = list(self.client.scan_iter("order:*", count=1000))
        if keys:
            self.client.delete(*keys)

    def values(self, prefix):
        """Rest of the key → value, of all keys with the prefix."""
        keys = list(self.client.scan_iter(f"{prefix}*", count=1000))
        values = [] if not keys else self.client.mget_nonatomic(keys) if self.is_cluster else self.client.mget(keys)
        # In a cluster the id, or what is before it, is a hash tag.
        return {key[len(prefix):].rpartition(":")[2].strip("{}"): value for key, value in zip(keys, values)}


def dead_letters(stack, max_messages=50):
    """queue → its messages, which are requeued. The management plugin's own counts are seconds old."""
    found = {}
    for queue in QUEUES:
        try:
            found[queue] = stack.broker(
                f"/queues/waybill/{queue}/get",
                {"count": max_messages, "ackmode": "ack_requeue_true", "encoding": "auto"})
        except urllib.error.HTTPError as error:
            if error.code != 404:  # before the queue is declared
                raise
    return found
