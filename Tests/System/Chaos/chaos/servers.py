"""What the servers hold, read directly: the audit trusts no service."""

import base64
import json
import urllib.error
import urllib.parse
import urllib.request

import psycopg2
import redis

QUEUES = ("order.accepted", "order.processed", "order.failed")
ORDERS = """
    SELECT orders.id, correlation_id::text, customer_id, status, total::text, orders.deleted_at IS NOT NULL,
           coalesce(json_agg(json_build_array(product_id, quantity, unit_price::text) ORDER BY line)
               FILTER (WHERE line IS NOT NULL), '[]')
    FROM orders LEFT JOIN order_items ON order_id = orders.id WHERE customer_id = ANY(%s) GROUP BY orders.id"""
EVENTS = """
    SELECT order_id, type, count(*), count(*) FILTER (WHERE published_at IS NULL), max(occurred_at),
           max(metadata->>'traceparent')
    FROM order_events GROUP BY order_id, type"""


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
        """order id → type → (how many, how many unpublished, when the last, its traceparent)."""
        found = {}
        for order, kind, *facts in self.rows(EVENTS):
            found.setdefault(order, {})[kind] = tuple(facts)
        return found

    def unfinished(self, ids):
        """How many of these orders have not been recorded and published."""
        done = self.rows(
            "SELECT count(DISTINCT order_id) FROM order_events WHERE order_id = ANY(%s) AND published_at IS NOT NULL "
            "AND type = 'order.processed.v1'", list(ids))
        return len(ids) - done[0][0]


class Cache:
    def __init__(self, settings):
        self.client = redis.Redis(
            settings["host"], settings["port"], username=settings["user"], password=settings["password"],
            decode_responses=True, socket_timeout=5)

    def family(self, prefix):
        """The values of all keys of one kind: what follows the prefix → value."""
        keys = list(self.client.scan_iter(f"{prefix}*", count=1000))
        values = self.client.mget(keys) if keys else []
        return {key[len(prefix):]: value for key, value in zip(keys, values)}


class Broker:
    def __init__(self, settings):
        parts = urllib.parse.urlsplit(settings["uri"])
        self.url, self.vhost = settings["managementUrl"], urllib.parse.quote(parts.path[1:], safe="")
        credentials = f"{urllib.parse.unquote(parts.username)}:{urllib.parse.unquote(parts.password)}"
        self.authorization = "Basic " + base64.b64encode(credentials.encode()).decode()

    def letters(self, queue, most=50):
        """What is in a queue now; it is put back. The counts of the management plugin are seconds old."""
        body = {"count": most, "ackmode": "ack_requeue_true", "encoding": "auto"}
        request = urllib.request.Request(
            f"{self.url}/api/queues/{self.vhost}/{queue}/get", json.dumps(body).encode(),
            {"Authorization": self.authorization, "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code == 404:
                return []  # never declared
            raise

    def dead_letters(self):
        return {f"{queue}.dlq": self.letters(f"{queue}.dlq") for queue in QUEUES}
