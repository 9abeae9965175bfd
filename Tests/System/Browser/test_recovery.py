"""A shop without its network: what is shown, what is sent later, and that it recovers without a reload."""

import pytest
from playwright.sync_api import expect

from customer import add, expect_completed, expect_live, expect_not_reloaded, mark_page, order, pill
from test_connection import NO_WEBSOCKET

NETWORK = r"net::ERR_|WebSocket connection|50[234]"


def go_offline(customer, page):
    customer.expect_console_error(NETWORK)
    customer.context.set_offline(True)
    expect(pill(page)).to_have_attribute("data-phase", "offline")


def test_an_order_placed_offline_was_not_sent_and_is_sent_once_online(new_customer, stack):
    customer = new_customer()
    page = customer.signed_in()
    add(page, "AZ-104")
    page.goto("/#/cart")
    expect(page.get_by_text("Cloud Operations Associate")).to_be_visible()
    go_offline(customer, page)
    mark_page(page)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("alert")).to_have_text("You are offline. The order was not sent. It is sent as soon as you are online.")
    assert stack.sql(f"SELECT count(*) FROM orders WHERE customer_id = '{customer.user}'") == "0"
    customer.context.set_offline(False)
    expect_completed(page)
    expect_not_reloaded(page)
    assert stack.sql(f"SELECT count(*) FROM orders WHERE customer_id = '{customer.user}'") == "1"


def test_an_order_that_was_not_sent_can_be_taken_back(new_customer, stack):
    customer = new_customer()
    page = customer.signed_in()
    add(page, "AZ-104")
    page.goto("/#/cart")
    expect(page.get_by_text("Cloud Operations Associate")).to_be_visible()
    go_offline(customer, page)
    page.get_by_role("button", name="Place order").click()
    page.get_by_role("button", name="Do not send it").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    customer.context.set_offline(False)
    expect_live(page)
    expect(page.get_by_role("heading", name="Your cart")).to_be_visible()
    assert stack.sql(f"SELECT count(*) FROM orders WHERE customer_id = '{customer.user}'") == "0"
    page.reload()
    expect(page.get_by_label("Quantity of AZ-104")).to_have_value("1")
    expect(page.locator(".summary .notice")).to_have_count(0)


def test_an_order_whose_answer_was_lost_is_unknown_and_settled_once_online(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    page = customer.signed_in()
    add(page, "AZ-104")
    page.goto("/#/cart")
    expect(page.get_by_text("Cloud Operations Associate")).to_be_visible()

    def lose(route):
        if route.request.method != "POST":
            return route.continue_()
        route.fetch()  # the service has accepted the order
        customer.context.set_offline(True)
        return route.abort()

    page.route("**/api/orders", lose)
    page.get_by_role("button", name="Place order").click()
    expect(page.get_by_role("alert")).to_contain_text("It is not known whether the order was placed.")
    expect(page.get_by_role("button", name="Do not send it")).to_be_hidden()
    page.unroute("**/api/orders")
    customer.context.set_offline(False)
    expect_completed(page)
    assert stack.sql(f"SELECT count(*) FROM orders WHERE customer_id = '{customer.user}'") == "1"


@pytest.mark.parametrize("path", [
    "/", *(pytest.param(path, marks=pytest.mark.long) for path in ("/orders", "/orders/{}", "/products/AZ-104"))])
def test_a_page_that_failed_offline_is_shown_once_online(new_customer, path):
    customer = new_customer()
    page = customer.signed_in()
    number = order(page, "AZ-104")
    expect_completed(page)
    blocked = "**/api/**"
    page.route(blocked, lambda route: route.abort("internetdisconnected"))
    customer.expect_console_error(NETWORK)
    page.goto("/#" + path.format(number))
    page.reload()
    expect(page.get_by_role("alert")).to_be_visible()
    mark_page(page)
    go_offline(customer, page)
    page.unroute(blocked)
    customer.context.set_offline(False)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect_not_reloaded(page)


def test_images_that_failed_offline_are_loaded_once_online(new_customer):
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    page = customer.context.new_page()
    page.route("**/images/products/**", lambda route: route.abort("internetdisconnected"))
    page.goto("/#/products/AZ-104")
    customer.sign_in(page)
    image = page.locator(".product-image")
    expect(image).to_be_visible()
    page.wait_for_function("() => document.querySelector('.product-image').complete")
    assert image.evaluate("image => image.naturalWidth") == 0
    go_offline(customer, page)
    page.unroute("**/images/products/**")
    customer.context.set_offline(False)
    page.wait_for_function("() => document.querySelector('.product-image').naturalWidth > 0")


def test_the_sign_in_is_offered_once_online(new_customer):
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    page = customer.context.new_page()
    page.route("**/sign-in.json", lambda route: route.abort("internetdisconnected"))
    page.goto("/")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    customer.context.set_offline(True)
    page.unroute("**/sign-in.json")
    customer.context.set_offline(False)
    customer.sign_in(page)


@pytest.mark.long
def test_a_page_recovers_when_the_services_are_back(new_customer, stack):
    """The browser stays online: the live connection tells that the services answer again."""
    customer = new_customer()
    customer.expect_console_error(NETWORK)
    page = customer.signed_in()
    mark_page(page)
    with stack.stopped("edge"):
        expect(pill(page)).to_have_attribute("data-phase", "waiting")
        page.goto("/#/orders")
        expect(page.get_by_role("alert")).to_contain_text("The shop cannot be reached.")
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect_not_reloaded(page)


@pytest.mark.long
def test_a_page_recovers_without_a_live_connection(new_customer):
    """WebSockets and streams are blocked: the browser tells that it is online."""
    customer = new_customer(script=NO_WEBSOCKET)
    customer.expect_console_error(NETWORK)
    page = customer.context.new_page()
    page.route("**/api/notifications/stream", lambda route: route.abort())
    page.goto("/")
    page.get_by_label("User id").fill(customer.user)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_text("145 products")).to_be_visible()
    page.route("**/api/orders?*", lambda route: route.abort("internetdisconnected"))
    page.goto("/#/orders")
    expect(page.get_by_role("alert")).to_be_visible()
    go_offline(customer, page)
    page.unroute("**/api/orders?*")
    customer.context.set_offline(False)
    expect(page.get_by_role("heading", name="No orders yet")).to_be_visible()
