"""Placing, cancelling and deleting orders, and their live updates."""

import re

import pytest
from playwright.sync_api import expect

from customer import add, expect_completed, expect_live, expect_not_reloaded, expect_status, mark_page, order, pill


def test_order_completes_live_without_reload(new_customer):
    page = new_customer().signed_in()
    expect(page.get_by_text("145 products")).to_be_visible()
    mark_page(page)
    with page.expect_response(lambda one: one.request.method == "POST" and one.url.endswith("/api/orders")) as placed:
        number = order(page, "AZ-104", "KS-201")
    trace = placed.value.request.headers["traceparent"].split("-")[1]
    assert placed.value.headers["x-request-id"] == trace, "the trace does not begin in the page"
    expect_completed(page)
    expect(page.locator("toast-list")).to_contain_text(f"Order {number}: completed")
    expect_not_reloaded(page)


def test_completion_that_arrives_before_the_response_is_shown(new_customer):
    customer = new_customer()
    customer.expect_console_error(r"net::ERR_FAILED")
    page = customer.signed_in()

    def delay_response(route):
        response = route.fetch()
        page.wait_for_timeout(1500)  # the completion arrives earlier
        route.fulfill(response=response)

    page.route("**/api/orders", lambda route: delay_response(route) if route.request.method == "POST" else route.continue_())
    page.route(re.compile(r"/api/orders/\d+$"), lambda route: route.abort())  # only the live update carries the status
    order(page, "DP-900")
    expect_completed(page)


def test_all_tabs_and_another_browser_are_notified(new_customer, stack):
    customer = new_customer()
    one = customer.signed_in()
    two = customer.tab("/orders")
    elsewhere = new_customer(user=customer.user).signed_in("/orders")
    expect_live(two)
    assert one.locator("connection-pill").get_attribute("data-replica") == two.locator(
        "connection-pill").get_attribute("data-replica"), "the tabs do not share their connection"
    with stack.processing_paused():
        number = order(one, "OD-340")
        for page in (two, elsewhere):
            page.goto("/#/")
            page.goto(f"/#/orders/{number}")
            expect_status(page, "Accepted")
            mark_page(page)
    for page in (one, two, elsewhere):
        expect_completed(page)
    for page in (two, elsewhere):
        expect_not_reloaded(page)


@pytest.mark.long
def test_open_order_list_shows_an_order_of_another_tab(new_customer):
    customer = new_customer()
    one = customer.signed_in()
    two = customer.tab("/orders")
    expect(two.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect_live(two)
    mark_page(two)
    number = order(one, "PC-300")
    row = two.locator(".order", has_text=f"Order {number}")
    expect(row.locator(".badge")).to_have_text("Completed")
    expect_not_reloaded(two)


def test_unavailable_order_accept_is_reported_and_retried(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"50[234]|net::ERR_")
    page = customer.signed_in()
    expect(page.get_by_text("145 products")).to_be_visible()
    with stack.stopped("accept-1"):
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("The shop cannot answer at the moment.")
        expect_live(page)  # the notifiers are still connected
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("145 products")).to_be_visible()


@pytest.mark.long
def test_order_that_was_not_taken_is_not_called_unknown(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"50[234]|net::ERR_")
    page = customer.signed_in("/cart")
    add(page, "KS-201")
    page.goto("/#/cart")
    with stack.stopped("accept-1"):
        page.get_by_role("button", name="Place order").click()
        expect(page.get_by_role("alert")).to_have_text(
            "The shop cannot answer at the moment. The order was not placed. Please try again in a moment.")
        page.reload()
    expect(page.get_by_text("Your order was not placed yet.")).to_be_visible()
    page.get_by_role("button", name="Place order").click()
    expect_completed(page)


def test_unanswered_order_is_offered_again_and_placed_once(new_customer):
    customer = new_customer()
    customer.expect_console_error(r"net::ERR_")
    page = customer.signed_in("/cart")
    add(page, "KS-201")
    page.goto("/#/cart")

    def lose(route):
        if route.request.method == "POST":
            route.fetch()  # the service has accepted the order
            return route.abort()
        return route.continue_()

    page.route("**/api/orders", lose)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("alert")).to_contain_text("It is not known whether the order was placed.")
    expect(page.get_by_role("alert")).to_contain_text("it will not be placed twice")
    page.unroute("**/api/orders")
    page.reload()
    expect(page.get_by_text("It is not known yet whether an earlier order with 1 product was placed.")).to_be_visible()
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Order \d+$"))
    expect_completed(page)
    page.goto("/#/orders")
    expect(page.get_by_text("1 order", exact=True)).to_be_visible()


@pytest.mark.long
def test_connection_state_shows_reconnection_while_the_edge_is_down(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"50[234]|net::ERR_|WebSocket connection")
    page = customer.signed_in()
    mark_page(page)
    with stack.stopped("edge"):
        expect(pill(page)).to_contain_text(re.compile(r"Reconnecting in \d+ s|Connecting"))
    expect_live(page)
    expect_not_reloaded(page)


def test_order_can_be_cancelled_and_deleted(new_customer, stack):
    page = new_customer().signed_in()
    with stack.processing_paused():
        number = order(page, "TA-120")
        page.get_by_role("button", name="Cancel this order").click()
        page.get_by_role("button", name="Cancel the order").click()
        expect_status(page, "Cancelled")
    page.get_by_role("button", name="Delete this order").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect(page.locator("toast-list")).to_contain_text(f"Order {number} is deleted")


def test_cancelling_asks_and_escape_keeps_the_order(new_customer, stack):
    page = new_customer().signed_in()
    with stack.processing_paused():
        number = order(page, "TA-120")
        button = page.get_by_role("button", name="Cancel this order")
        button.focus()
        page.keyboard.press("Enter")
        dialog = page.get_by_role("dialog", name=f"Cancel order {number}?")
        expect(dialog).to_contain_text("This cannot be undone.")
        page.keyboard.press("Escape")
        expect(page.locator("dialog")).to_have_count(0)
        expect(button).to_be_focused()
        page.keyboard.press("Enter")
        dialog.get_by_role("button", name="Keep it").click()
        expect(dialog).to_have_count(0)
        expect(button).to_be_focused()
        expect_status(page, "Accepted")
    expect_completed(page)


def test_an_order_that_is_carried_out_meanwhile_is_not_cancelled(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error("409")
    page = customer.signed_in()
    with stack.processing_paused():
        order(page, "TA-120")
        page.get_by_role("button", name="Cancel this order").click()
    expect_completed(page)
    page.get_by_role("button", name="Cancel the order").click()
    expect(page.locator("toast-list")).to_contain_text("is being carried out already and can no longer be cancelled")
    expect(page.get_by_role("heading", level=1)).to_be_focused()


def test_times_of_all_steps_survive_a_reload(new_customer):
    page = new_customer().signed_in()
    order(page, "AZ-104")
    expect_completed(page)
    times = page.locator(".timeline time")
    expect(times).to_have_count(3)

    def shown():
        return [time.get_attribute("datetime") for time in times.all()]

    page.reload()
    expect(times).to_have_count(3)
    before = shown()
    assert before == sorted(before)
    page.reload()
    expect(times).to_have_count(3)
    assert shown() == before


@pytest.fixture
def product_without_a_row(stack):
    """A product that order-accept sells and order-process does not find."""
    rename = "UPDATE products SET external_product_id = '{}' WHERE external_product_id = '{}'".format
    yield lambda: stack.sql(rename("TA-500-REMOVED", "TA-500"))
    stack.sql(rename("TA-500", "TA-500-REMOVED"))
    stack.broker_delete("/queues/waybill/order.accepted.dlq/contents")


def test_failed_order_says_why_and_is_ordered_again(new_customer, stack, product_without_a_row):
    customer = new_customer()
    page = customer.signed_in()
    mark_page(page)
    with stack.processing_paused():
        order(page, "AZ-104", "TA-500")
        product_without_a_row()
    expect_status(page, "Failed")
    reason = page.locator(".failure")
    expect(reason).to_contain_text("A product of this order is no longer sold")
    expect(reason).to_contain_text("Nothing was charged.")
    expect_not_reloaded(page)

    def without_the_product(route):
        response = route.fetch()
        body = response.json()
        body["items"] = [item for item in body["items"] if item["externalProductId"] != "TA-500"]
        route.fulfill(response=response, json=body)

    page.route("**/api/products?*", without_the_product)
    page.reload()
    expect(reason).to_contain_text("A product of this order is no longer sold")
    page.get_by_role("button", name="Order again").click()
    expect(page.get_by_role("heading", name="Your cart")).to_be_focused()
    expect(page.get_by_label("Quantity of AZ-104")).to_have_value("1")
    expect(page.get_by_label("Quantity of TA-500")).to_have_count(0)
    expect(page.locator("cart-page > .notice")).to_have_text("No longer sold, and left out: Analytics Leadership: Study Path.")
    page.get_by_role("button", name="Place order").click()
    expect_completed(page)


def test_failure_of_an_unknown_kind_has_a_general_reason(new_customer):
    page = new_customer().signed_in()
    number = order(page, "AZ-104")
    expect_completed(page)

    def fail(route):
        response = route.fetch()
        route.fulfill(response=response, json=response.json() | {
            "status": "FAILED", "failure": {"code": "not_known_yet", "detail": "0x8000 in shard 7"}})

    page.route(f"**/api/orders/{number}", fail)
    page.reload()
    expect(page.locator(".failure")).to_contain_text("This order could not be carried out. You can order again")
    expect(page.locator("main")).not_to_contain_text("shard 7")


def test_lost_response_does_not_place_a_second_order(new_customer):
    customer = new_customer()
    customer.expect_console_error(r"net::ERR_FAILED")
    page = customer.signed_in()
    keys = []

    def lose_first_response(route):
        if route.request.method != "POST":
            return route.continue_()
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        route.fetch()  # the service has accepted the order
        return route.abort()

    page.route("**/api/orders", lose_first_response)
    order(page, "LF-120")
    assert len(keys) == 2 and len(set(keys)) == 1
    page.goto("/#/orders")
    expect(page.get_by_text("1 order", exact=True)).to_be_visible()
