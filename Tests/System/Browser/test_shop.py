"""Catalogue, cart, sign-out and keyboard operation."""

import re

import pytest
from playwright.sync_api import expect

from customer import add, expect_completed


@pytest.mark.long
def test_search_and_filters_survive_a_reload(new_customer):
    page = new_customer().signed_in()
    expect(page.locator("product-card")).to_have_count(145)
    page.get_by_label("Search").fill("security")
    page.get_by_label("Vendor").select_option("Kestrel Security")
    for card in page.locator("product-card .overline").all():
        expect(card).to_have_text("Kestrel Security")
    page.reload()
    expect(page.get_by_label("Vendor")).to_have_value("Kestrel Security")
    expect(page.get_by_label("Search")).to_have_value("security")
    page.get_by_label("Search").fill("no such thing")
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("product-card")).to_have_count(145)
    expect(page.get_by_label("Search")).to_be_focused()


@pytest.mark.long
def test_navigation_during_catalogue_load_shows_the_product(new_customer):
    page = new_customer().signed_in()
    page.reload(wait_until="commit")
    for code in ("AZ-104", "KS-201"):
        page.goto("/#/")
        page.goto("/#/products/" + code)
        expect(page.locator(".facts")).to_contain_text(code)


def test_every_product_has_an_image(new_customer):
    page = new_customer().signed_in()
    expect(page.locator("product-card")).to_have_count(145)
    missing = page.evaluate("""() => Promise.all([...document.querySelectorAll('product-card img')].map(async (image) =>
        (await fetch(image.src)).headers.get('Content-Type') === 'image/svg+xml' ? null : image.src))""")
    assert not [one for one in missing if one]


@pytest.mark.long
def test_cart_survives_a_reload_and_is_shared_by_tabs(new_customer):
    customer = new_customer()
    one = customer.signed_in()
    add(one, "AZ-104")
    two = customer.tab("/cart")
    expect(two.get_by_label("Quantity of AZ-104")).to_have_value("1")
    two.get_by_role("button", name="One more of AZ-104").click()
    one.goto("/#/cart")
    expect(one.get_by_label("Quantity of AZ-104")).to_have_value("2")
    one.reload()
    expect(one.get_by_label("Quantity of AZ-104")).to_have_value("2")
    one.get_by_role("button", name="Remove AZ-104").click()
    expect(two.get_by_role("heading", name="Your cart is empty")).to_be_visible()


@pytest.mark.long
def test_sign_out_applies_to_all_tabs_and_carts_are_per_user(new_customer):
    customer = new_customer()
    one = customer.signed_in()
    add(one, "AZ-104")
    two = customer.tab("/orders")
    expect(two.get_by_role("heading", name="Your orders")).to_be_visible()
    one.get_by_role("button", name="Sign out").click()
    expect(two.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    one.get_by_label("User id").fill("")
    one.get_by_role("button", name="Sign in", exact=True).click()
    expect(one.get_by_role("alert")).to_have_text("Enter your user id.")
    customer.user += "-OTHER"
    customer.sign_in(one)
    one.goto("/#/cart")
    expect(one.get_by_role("heading", name="Your cart is empty")).to_be_visible()


def test_order_can_be_placed_by_keyboard(new_customer):
    customer = new_customer()
    page = customer.tab()
    expect(page.get_by_label("User id")).to_be_visible()

    def tab_to(name, max_presses=40):
        for _ in range(max_presses):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent }")
            if re.search(name, focused):
                return
        raise AssertionError(f"'{name}' cannot be reached by the Tab key")

    tab_to("^User id$")
    page.keyboard.press("Control+A")
    page.keyboard.type(customer.user)
    page.keyboard.press("Enter")
    expect(page.get_by_text("145 products")).to_be_visible()
    expect(page.get_by_role("heading", name="Catalogue")).to_be_focused()
    tab_to("^Search$")
    page.keyboard.type("AZ-104")
    expect(page.locator("product-card")).to_have_count(1)
    tab_to("^Add AZ-104")
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    tab_to("^Cart, 1 item", max_presses=80)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your cart")).to_be_focused()
    tab_to("^One more")
    page.keyboard.press("Enter")
    tab_to("^Place order$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Order \d+$"))
    expect_completed(page)


def test_unknown_pages_show_not_found(new_customer):
    customer = new_customer()
    customer.expect_console_error("404")
    page = customer.signed_in("/nowhere")
    expect(page.get_by_role("heading", name="Page not found")).to_be_visible()
    page.goto("/#/products/NO-1")
    expect(page.get_by_role("heading", name="No such product")).to_be_visible()
    page.goto("/#/orders/999999999")
    expect(page.get_by_role("heading", name="No such order")).to_be_visible()


def test_a_page_that_does_not_load_says_so(new_customer):
    customer = new_customer()
    customer.expect_console_error(r"Failed to load resource")
    page = customer.context.new_page()
    page.route("**/app/main.js", lambda route: route.abort())
    page.goto("/")
    expect(page.get_by_text("The shop is not loaded yet.")).to_be_visible()
    page.unroute("**/app/main.js")
    page.reload()
    expect(page.get_by_role("heading", name="Catalogue").or_(page.get_by_role("button", name="Sign in", exact=True)).first).to_be_visible()
    expect(page.get_by_text("The shop is not loaded yet.")).to_have_count(0)
