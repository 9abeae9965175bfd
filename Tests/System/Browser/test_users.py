"""Users who share a browser: what one has begun is neither sent nor shown for another."""

import base64
import json
import secrets

import pytest
from playwright.sync_api import expect

from customer import add, expect_completed, expect_live, order
from support.waiting import until


def subject(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))["sub"]


def stored_user(page):
    session = page.evaluate("localStorage['waybill.session']")
    return session and subject(json.loads(session)["token"])


def await_request(page, requests):
    """Waits until a route's handler has noted one; handlers run while the page is asked something."""
    until("the request is sent", lambda: page.evaluate("true") and requests)


def refuse(route, status, **headers):
    route.fulfill(status=status, headers={"Content-Type": "application/problem+json"} | headers, body='{"title":"Refused"}')


def change_user(customer):
    """Another user signs in, in another tab; returns the id."""
    page = customer.tab()
    page.get_by_role("button", name="Sign out").click()
    other = f"OTHER-{secrets.token_hex(6)}"
    page.get_by_label("User id").fill(other)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect_live(page)
    return other


def test_an_order_is_not_retried_for_another_user(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error("503")
    page = customer.signed_in()
    add(page, "AZ-104")
    page.goto("/#/cart")
    attempts = []

    def lose_first_response(route):
        if route.request.method != "POST":
            return route.continue_()
        attempts.append(subject(route.request.headers["authorization"].split()[1]))
        if len(attempts) > 1:
            return route.continue_()
        route.fetch()  # the service has accepted the order
        return refuse(route, 503, **{"Retry-After": "4"})

    page.route("**/api/orders", lose_first_response)
    page.clock.install()
    page.get_by_role("button", name="Place order").click()
    await_request(page, attempts)
    other = change_user(customer)
    page.clock.run_for(10_000)
    assert attempts == [customer.user]
    assert page.evaluate("user => 'waybill.checkout.' + user in localStorage", customer.user), "its key is forgotten"
    assert stack.sql(f"SELECT count(*) FROM orders WHERE customer_id = '{other}'") == "0"


@pytest.mark.parametrize("is_refused", [pytest.param(False, marks=pytest.mark.long), True])
def test_a_late_renewal_leaves_the_next_user_signed_in(new_customer, is_refused):
    customer = new_customer()
    customer.expect_console_error("40[01]")
    page = customer.signed_in()
    renewals, lists = [], []

    def reject_first(route):
        lists.append(route)
        return refuse(route, 401) if len(lists) == 1 else route.continue_()

    page.route("**/api/orders?*", reject_first)
    page.route("**/dev/token", lambda route: renewals.append((route, route.fetch())))
    page.goto("/#/orders")
    await_request(page, renewals)
    other = change_user(customer)
    (route, response), = renewals
    with page.expect_response("**/dev/token"):
        if is_refused:
            refuse(route, 400)
        else:
            route.fulfill(response=response)
    expect_live(page)
    assert stored_user(page) == other


def test_a_refused_token_does_not_forget_an_order_that_may_exist(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"40[01]|net::ERR_|WebSocket")
    page = customer.signed_in()
    add(page, "AZ-104")
    page.goto("/#/cart")
    keys, is_denied = [], [True]

    def lose_first_response(route):
        if route.request.method != "POST":
            return route.continue_()
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) == 1:
            route.fetch()  # the service has accepted the order
            return route.abort()
        return refuse(route, 401) if is_denied[0] else route.continue_()

    page.route("**/api/orders", lose_first_response)
    page.route("**/dev/token", lambda route: refuse(route, 400) if is_denied[0] else route.continue_())
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_label("User id")).to_be_visible()
    is_denied[0] = False
    customer.sign_in(page)
    page.goto("/#/cart")
    page.get_by_role("button", name="Place order").click()
    expect(page.locator(".order-status")).to_be_visible()
    assert len(set(keys)) == 1
    expect_completed(page)
    assert stack.sql(f"SELECT count(*) FROM orders WHERE customer_id = '{customer.user}'") == "1"


def test_an_order_that_arrives_late_is_not_shown_to_the_next_user(new_customer):
    customer = new_customer()
    customer.expect_console_error(r"404|net::ERR_")
    page = customer.signed_in()
    number = order(page, "AZ-104")
    responses = []
    page.route(f"**/api/orders/{number}", lambda route: responses.append((route, route.fetch())))
    page.reload()
    await_request(page, responses)
    change_user(customer)
    for route, response in responses:
        route.fulfill(response=response)
    page.goto("/#/orders")
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    page.unroute(f"**/api/orders/{number}")
    page.route(f"**/api/orders/{number}", lambda route: route.abort())
    page.goto(f"/#/orders/{number}")
    expect(page.get_by_role("button", name="Delete this order")).to_have_count(0)
    expect(page.get_by_role("alert")).to_be_visible()
