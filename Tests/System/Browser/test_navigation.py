"""Addresses: links without `#`, filters, steps back, and what a sign-out leaves."""

import re
import urllib.error
import urllib.request

import pytest
from playwright.sync_api import expect

from customer import add, expect_live, order
from support.http import opener


def answer(stack, path):
    """Status, content type and body of the edge's answer."""
    try:
        with opener.open(urllib.request.Request(stack.edge + path, headers={"Accept": "*/*"}), timeout=10) as response:
            return response.status, response.headers["Content-Type"], response.read()
    except urllib.error.HTTPError as error:
        return error.code, error.headers["Content-Type"], error.read()


def test_the_edge_serves_the_page_at_the_addresses_of_pages_alone(stack):
    _, _, page = answer(stack, "/")
    for path in ("/cart", "/orders", "/orders/12", "/orders/12?x=1", "/orders/", "/products/AZ-104", "/products/A%20B"):
        assert answer(stack, path) == (200, "text/html", page), path
    for path in ("/nope.js", "/nope", "/orders/nope.js", "/orders/12/x", "/products/nope.js", "/products", "/cart/nope", "//orders/12",
                 "/products//AZ-104", "/dev/nope"):
        status, _, body = answer(stack, path)
        assert status == 404 and body != page, path
    assert answer(stack, "/orders/order-store.js")[:2] == (200, "application/javascript")
    assert answer(stack, "/api/orders/12")[0] == 401
    assert answer(stack, "/ws")[0] == 426
    assert b"Waybill operations" in answer(stack, "/ops/")[2]


def test_links_without_a_fragment_show_their_page(new_customer, stack):
    customer = new_customer()
    page = customer.context.new_page()
    page.goto("/products/AZ-104")
    customer.sign_in(page)
    expect(page.locator(".facts")).to_contain_text("AZ-104")
    expect(page).to_have_url(f"{stack.edge}/#/products/AZ-104")
    number = order(page, "KS-201")
    page.goto(f"/orders/{number}")
    expect(page.get_by_role("heading", name=f"Order {number}")).to_be_visible()
    page.goto("/cart?from=a-mail")
    expect(page.get_by_role("heading", name="Your cart is empty")).to_be_visible()
    assert page.evaluate("document.images.length > 0 && [...document.images].every((image) => image.naturalWidth > 0)")


def test_filters_and_search_follow_the_address(new_customer, stack):
    page = new_customer().signed_in()
    cards = page.locator("product-card")
    expect(cards).to_have_count(145)
    page.get_by_label("Vendor").select_option("Kestrel Security")
    expect(cards).to_have_count(15)
    page.get_by_label("Category").select_option("Security")
    page.get_by_label("Search").fill("threat")
    expect(cards).to_have_count(2)
    expect(page).to_have_url(re.compile(r"/#/\?q=threat&vendor=Kestrel\+Security&category=Security$"))
    page.go_back()  # to before the category
    expect(page.get_by_label("Category")).to_have_value("")
    expect(page.get_by_label("Search")).to_have_value("")
    expect(cards).to_have_count(15)
    page.go_back()
    expect(page.get_by_label("Vendor")).to_have_value("")
    expect(cards).to_have_count(145)
    page.go_forward()
    expect(page.get_by_label("Vendor")).to_have_value("Kestrel Security")
    page.evaluate("location.hash = '#/?q=sql'")
    expect(page.get_by_label("Search")).to_have_value("sql")
    expect(cards).to_have_count(1)
    page.get_by_role("link", name="Catalogue").click()
    expect(page.get_by_label("Search")).to_have_value("")
    expect(cards).to_have_count(145)


def test_search_tolerates_a_typing_error_and_says_so(new_customer):
    page = new_customer().signed_in("/?q=modeling+thraet")
    expect(page.locator("product-card")).to_have_count(1)
    expect(page.locator("product-card")).to_contain_text("Threat Modelling")
    expect(page.get_by_role("status").filter(has_text="1 product with a similar spelling")).to_be_visible()
    page.get_by_label("Search").fill("threat")
    expect(page.get_by_text("2 products", exact=True)).to_be_visible()


def scrolled(page):
    return page.evaluate("Math.round(scrollY)")


def test_a_step_back_restores_the_scroll_position(new_customer):
    page = new_customer().signed_in()
    expect(page.locator("product-card")).to_have_count(145)
    page.locator("product-card").nth(100).scroll_into_view_if_needed()
    before = scrolled(page)
    assert before > 1000
    page.locator("product-card").nth(100).get_by_role("link").evaluate("link => link.click()")  # without scrolling
    expect(page.locator(".facts")).to_be_visible()
    assert scrolled(page) == 0
    page.evaluate("scrollTo(0, 150)")
    page.go_back()
    expect(page.locator("product-card")).to_have_count(145)
    page.wait_for_function("expected => Math.abs(scrollY - expected) <= 2", arg=before)
    page.go_forward()
    page.wait_for_function("() => Math.abs(scrollY - 150) <= 2")
    page.go_back()
    page.wait_for_function("expected => Math.abs(scrollY - expected) <= 2", arg=before)
    page.reload()
    page.wait_for_function("expected => Math.abs(scrollY - expected) <= 2", arg=before)


def test_a_step_back_to_a_long_list_of_orders_restores_its_length(new_customer, stack):
    customer = new_customer(viewport={"width": 1000, "height": 400})
    page = customer.signed_in()
    token = stack.token(customer.user)
    page.evaluate("""async (token) => { for (let i = 0; i < 14; i++) await fetch('/api/orders', { method: 'POST', body: '{"items":[{"productId":"AZ-104","quantity":1}]}',
        headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' } }) }""", token)
    page.goto("/#/orders")
    expect(page.locator(".order")).to_have_count(10)
    page.get_by_role("button", name="Show more").click()
    expect(page.locator(".order")).to_have_count(14)
    page.locator(".order a").last.scroll_into_view_if_needed()
    before = scrolled(page)
    page.locator(".order a").last.evaluate("link => link.click()")  # without scrolling
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Order \d+$"))
    page.go_back()
    expect(page.locator(".order")).to_have_count(14)
    page.wait_for_function("expected => Math.abs(scrollY - expected) <= 2", arg=before)


def test_sign_out_forgets_the_user(new_customer, stack):
    customer = new_customer()
    page = customer.signed_in()
    other_tab = customer.tab("/orders")
    number = order(page, "AZ-104")
    expect_live(other_tab)
    other_tab.goto(f"/#/orders/{number}")
    expect(other_tab.get_by_role("heading", name=f"Order {number}")).to_be_visible()
    add(page, "KS-201")
    expect(page.locator(".toast").last).to_contain_text("KS-201 in your cart")
    page.get_by_role("button", name="Sign out").click()
    expect(page.locator(".toast")).to_have_count(0, timeout=2_000)  # a toast ends by itself after 6 s
    for tab in (page, other_tab):
        expect(tab.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
        expect(tab).to_have_url(stack.edge + "/")
        expect(tab).to_have_title("Sign in · Waybill")
    assert not page.get_by_label("User id").input_value() == customer.user
    page.reload()
    assert not page.get_by_label("User id").input_value() == customer.user
    stored = page.evaluate("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])")
    assert f"/orders/{number}" not in stored and '"waybill.session"' not in stored
    customer.user += "-OTHER"
    customer.sign_in(page)
    expect(page.get_by_role("heading", name="Catalogue")).to_be_visible()


@pytest.mark.long
def test_another_user_does_not_find_the_page_of_an_expired_sign_in(new_customer, stack):
    customer = new_customer()
    customer.expect_console_error(r"40[01]|WebSocket")
    page = customer.signed_in()
    number = order(page, "AZ-104")
    page.route("**/dev/token", lambda route: route.fulfill(status=400, json={"error": "refused"}))
    page.route("**/api/**", lambda route: route.fulfill(status=401, json={"status": 401, "title": "Unauthorized"}))
    page.goto("/#/orders")
    expect(page.get_by_label("User id")).to_be_visible()
    page.unroute("**/dev/token")
    page.unroute("**/api/**")
    page.goto(f"/#/orders/{number}")
    expect(page.get_by_label("User id")).to_be_visible()
    customer.user += "-OTHER"
    customer.sign_in(page)
    expect(page.get_by_role("heading", name="Catalogue")).to_be_visible()
    expect(page).to_have_url(stack.edge + "/")


@pytest.mark.parametrize("path", ["/", *(pytest.param(path, marks=pytest.mark.long) for path in ("/orders", "/cart", "/products/AZ-104"))])
def test_shoppers_read_no_words_of_the_services(new_customer, path):
    customer = new_customer()
    page = customer.signed_in()
    order(page, "AZ-104")
    add(page, "KS-201")
    page.goto("/#" + path)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(page.locator("connection-pill .pill-text")).to_have_text("Live")
    text = page.evaluate("document.body.innerText + [...document.querySelectorAll('[title], [aria-label]')].map((e) => `${e.title} ${e.ariaLabel}`).join(' ')")
    assert not re.search(r"\b(notifiers?|replicas?|websockets?|server-sent|queues?|brokers?|mailbox|dead letters?|order-accept|operators?)\b", text, re.I), text


def test_product_pages_describe_the_course(new_customer):
    page = new_customer().signed_in("/products/AZ-140")
    about = page.get_by_role("region", name="About this course")
    expect(about).to_contain_text("Identity and Access in the Cloud is offered by Azimuth Cloudworks in the category Cloud.")
    expect(about).to_contain_text("exam bundle")
    expect(about).to_contain_text("It is paid once and stays open for one year; nothing is renewed.")
    page.goto("/#/products/DP-900")
    expect(about).to_contain_text("It is a subscription: the price is due each month")
    expect(about).to_contain_text("a discount of 10 %")
