"""Ordering, and being told."""

import re

from playwright.sync_api import expect

from customer import add, expect_completed, expect_live, expect_same, expect_status, mark, order, pill


def test_an_order_completes_before_the_customers_eyes(customer):
    page = customer().signed_in()
    expect(page.get_by_text("145 products")).to_be_visible()
    mark(page)
    number = order(page, "AZ-104", "KS-201")
    expect_completed(page)
    expect(page.locator("toast-list")).to_contain_text(f"Order {number}: completed")
    expect_same(page)


def test_a_completion_that_beats_the_answer_is_not_lost(customer):
    someone = customer()
    someone.expect_complaint(r"net::ERR_FAILED")
    page = someone.signed_in()

    def late(route):
        answer = route.fetch()
        page.wait_for_timeout(1500)  # the completion is here long before
        route.fulfill(response=answer)

    page.route("**/api/orders", lambda route: late(route) if route.request.method == "POST" else route.continue_())
    page.route(re.compile(r"/api/orders/\d+$"), lambda route: route.abort())  # nothing but the live update can tell
    order(page, "DP-900")
    expect_completed(page)


def test_both_tabs_of_a_browser_and_another_browser_are_told(customer, stack):
    first = customer()
    one = first.signed_in()
    two = first.tab("/orders")
    elsewhere = customer(user=first.user).signed_in("/orders")
    expect_live(two)
    assert one.locator("connection-pill").get_attribute("data-replica") == two.locator(
        "connection-pill").get_attribute("data-replica"), "the tabs do not share their connection"
    with stack.processing_paused():
        number = order(one, "OD-340")
        for page in (two, elsewhere):
            page.goto("/#/")
            page.goto(f"/#/orders/{number}")
            expect_status(page, "Accepted")
            mark(page)
    for page in (one, two, elsewhere):
        expect_completed(page)
    for page in (two, elsewhere):
        expect_same(page)


def test_a_list_that_is_open_shows_an_order_of_another_tab(customer):
    someone = customer()
    one = someone.signed_in()
    two = someone.tab("/orders")
    expect(two.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect_live(two)
    mark(two)
    number = order(one, "PC-300")
    row = two.locator(".order", has_text=f"Order {number}")
    expect(row.locator(".badge")).to_have_text("Completed")
    expect_same(two)


def test_a_shop_that_is_away_says_so_and_comes_back(customer, stack):
    someone = customer()
    someone.expect_complaint(r"50[234]|net::ERR_")
    page = someone.signed_in()
    expect(page.get_by_text("145 products")).to_be_visible()
    with stack.without("accept-1"):
        page.reload()
        expect(page.get_by_role("alert")).to_contain_text("No replica answers at the moment.")
        expect_live(page)  # the notifiers are still there, and the page says no less
    page.get_by_role("button", name="Try again").click()
    expect(page.get_by_text("145 products")).to_be_visible()


def test_an_order_that_finds_nobody_waits_for_the_customer(customer, stack):
    someone = customer()
    someone.expect_complaint(r"50[234]|net::ERR_")
    page = someone.signed_in("/cart")
    add(page, "KS-201")
    page.goto("/#/cart")
    with stack.without("accept-1"):
        page.get_by_role("button", name="Place order").click()
        expect(page.get_by_role("alert")).to_contain_text("it will not be placed twice")
        page.reload()
    expect(page.get_by_text("An earlier order has not been answered yet.")).to_be_visible()
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Order \d+$"))
    expect_completed(page)
    page.goto("/#/orders")
    expect(page.get_by_text("1 order", exact=True)).to_be_visible()


def test_an_edge_that_is_away_is_told_by_the_pill(customer, stack):
    someone = customer()
    someone.expect_complaint(r"50[234]|net::ERR_|WebSocket connection")
    page = someone.signed_in()
    mark(page)
    with stack.without("edge"):
        expect(pill(page)).to_contain_text(re.compile(r"Reconnecting in \d+ s|Connecting"))
    expect_live(page)
    expect_same(page)


def test_an_order_can_be_cancelled_and_deleted(customer, stack):
    page = customer().signed_in()
    with stack.processing_paused():
        number = order(page, "TA-120")
        page.get_by_role("button", name="Cancel this order").click()
        expect_status(page, "Cancelled")
    page.get_by_role("button", name="Delete this order").click()
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect(page.locator("toast-list")).to_contain_text(f"Order {number} is deleted")


def test_an_answer_that_was_lost_does_not_make_two_orders(customer):
    someone = customer()
    someone.expect_complaint(r"net::ERR_FAILED")
    page = someone.signed_in()
    keys = []

    def lose_the_first_answer(route):
        if route.request.method != "POST":
            return route.continue_()
        keys.append(route.request.headers["idempotency-key"])
        if len(keys) > 1:
            return route.continue_()
        route.fetch()  # the service has taken it
        return route.abort()

    page.route("**/api/orders", lose_the_first_answer)
    order(page, "LF-120")
    assert len(keys) == 2 and len(set(keys)) == 1
    page.goto("/#/orders")
    expect(page.get_by_text("1 order", exact=True)).to_be_visible()
