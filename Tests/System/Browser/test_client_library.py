"""The client library as another page uses it: the example of its README."""

import re
import secrets

from playwright.sync_api import expect

from support import ROOT
from support.http import call

README = ROOT / "services" / "storefront" / "live" / "README.md"
NETWORK = r"net::ERR_|WebSocket connection|50[234]"


def open_example(customer):
    (example,) = re.findall(r"```js\n(.*?)```", README.read_text(), re.S)
    assert "CUST-0001" in example
    script = example.replace("CUST-0001", customer.user)
    page = customer.context.new_page()
    page.route("**/example", lambda route: route.fulfill(
        content_type="text/html", body="<!doctype html><link rel=icon href=data:,><script type=module src=/example.js></script><body></body>"))
    page.route("**/example.js", lambda route: route.fulfill(content_type="text/javascript", body=script))
    sockets = []
    page.on("websocket", lambda socket: sockets.append(socket))
    page.goto("/example")
    return page, sockets


def place(stack, customer):
    return call(f"{stack.edge}/api/orders", {"items": [{"productId": "AZ-104", "quantity": 1}]}, stack.token(customer.user),
                **{"Idempotency-Key": secrets.token_hex(8)})["id"]


def test_the_example_of_the_readme_shows_orders_as_they_change(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    with stack.processing_paused():
        first = place(stack, customer)
        page, sockets = open_example(customer)
        body = page.locator("body")
        expect(body).to_contain_text(f"{first}: ACCEPTED")  # fetched: there was no position
    expect(body).to_contain_text(f"{first}: COMPLETED")
    customer.context.set_offline(True)
    page.wait_for_function("() => !navigator.onLine")
    second = place(stack, customer)
    stack.await_status(second, "COMPLETED")
    fetched = []
    page.on("request", lambda request: "/api/orders" in request.url and fetched.append(request.url))
    customer.context.set_offline(False)
    expect(body).to_contain_text(f"{second}: COMPLETED")
    assert len(sockets) >= 2 and not fetched, "the connection did not resume"


def test_the_example_falls_back_where_websockets_are_blocked(new_customer, stack):
    customer = new_customer(script="window.WebSocket = class { constructor() { throw new Error('blocked') } }")
    page, sockets = open_example(customer)
    page.wait_for_function("() => performance.getEntriesByType('resource').some(({ name }) => name.includes('/api/orders?'))")
    number = place(stack, customer)
    expect(page.locator("body")).to_contain_text(f"{number}: COMPLETED")
    assert not sockets
