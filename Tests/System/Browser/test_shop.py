"""The catalogue, the cart, and working without a mouse."""

import re

from playwright.sync_api import expect

from customer import add, expect_completed


def test_search_and_filters(customer):
    page = customer().signed_in()
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


def test_a_click_while_products_still_come_is_followed(customer):
    page = customer().signed_in()
    page.reload(wait_until="commit")
    for code in ("AZ-104", "KS-201"):
        page.goto("/#/")
        page.goto("/#/products/" + code)
        expect(page.locator(".facts")).to_contain_text(code)


def test_every_picture_is_there(customer):
    page = customer().signed_in()
    expect(page.locator("product-card")).to_have_count(145)
    missing = page.evaluate("""() => Promise.all([...document.querySelectorAll('product-card img')].map(async (image) =>
        (await fetch(image.src)).headers.get('Content-Type') === 'image/svg+xml' ? null : image.src))""")
    assert not [one for one in missing if one]


def test_the_cart_survives_a_reload_and_is_the_same_in_all_tabs(customer):
    someone = customer()
    one = someone.signed_in()
    add(one, "AZ-104")
    two = someone.tab("/cart")
    expect(two.get_by_label("Quantity of AZ-104")).to_have_value("1")
    two.get_by_role("button", name="One more of AZ-104").click()
    one.goto("/#/cart")
    expect(one.get_by_label("Quantity of AZ-104")).to_have_value("2")
    one.reload()
    expect(one.get_by_label("Quantity of AZ-104")).to_have_value("2")
    one.get_by_role("button", name="Remove AZ-104").click()
    expect(two.get_by_role("heading", name="Your cart is empty")).to_be_visible()


def test_signing_out_is_for_all_tabs_and_the_cart_stays_ones_own(customer):
    someone = customer()
    one = someone.signed_in()
    add(one, "AZ-104")
    two = someone.tab("/orders")
    expect(two.get_by_role("heading", name="Your orders")).to_be_visible()
    one.get_by_role("button", name="Sign out").click()
    expect(two.get_by_role("button", name="Sign in", exact=True)).to_be_visible()
    one.get_by_label("User id").fill("")
    one.get_by_role("button", name="Sign in", exact=True).click()
    expect(one.get_by_role("alert")).to_have_text("Enter your user id.")
    someone.user += "-OTHER"
    someone.sign_in(one)
    one.goto("/#/cart")
    expect(one.get_by_role("heading", name="Your cart is empty")).to_be_visible()


def test_with_the_keyboard_alone(customer):
    someone = customer()
    page = someone.tab()
    expect(page.get_by_label("User id")).to_be_visible()

    def tab_to(name, most=40):
        for _ in range(most):
            page.keyboard.press("Tab")
            focused = page.evaluate(
                "() => { const e = document.activeElement; return e.getAttribute('aria-label') || e.labels?.[0]?.textContent || e.textContent }")
            if re.search(name, focused):
                return
        raise AssertionError(f"'{name}' was not reached by the keyboard")

    tab_to("^User id$")
    page.keyboard.press("Control+A")
    page.keyboard.type(someone.user)
    page.keyboard.press("Enter")
    expect(page.get_by_text("145 products")).to_be_visible()
    expect(page.get_by_role("heading", name="Catalogue")).to_be_focused()
    tab_to("^Search$")
    page.keyboard.type("AZ-104")
    expect(page.locator("product-card")).to_have_count(1)
    tab_to("^Add AZ-104")
    page.keyboard.press("Enter")
    page.keyboard.press("Home")
    tab_to("^Cart, 1 item", most=80)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your cart")).to_be_focused()
    tab_to("^One more")
    page.keyboard.press("Enter")
    tab_to("^Place order$")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"^Order \d+$"))
    expect_completed(page)


def test_a_page_that_is_not_there_says_so(customer):
    someone = customer()
    someone.expect_complaint("404")
    page = someone.signed_in("/nowhere")
    expect(page.get_by_role("heading", name="There is no such page")).to_be_visible()
    page.goto("/#/products/NO-1")
    expect(page.get_by_role("heading", name="No such product")).to_be_visible()
    page.goto("/#/orders/999999999")
    expect(page.get_by_role("heading", name="No such order")).to_be_visible()
