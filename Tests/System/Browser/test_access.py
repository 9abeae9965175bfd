"""Each screen at two widths and in both themes: names, roles, contrast, order of focus, and nothing wider than the
screen. Takes pictures."""

import pathlib

import pytest
from playwright.sync_api import expect

from customer import add, expect_completed, order
from test_console import Operator

HERE = pathlib.Path(__file__).resolve()
PICTURES = HERE.parents[2] / "var" / "pictures"
AUDIT = HERE.with_name("audit.js").read_text()
FOCUS = HERE.with_name("focus.js").read_text()
MOST_STOPS = 25  # of the focus on one screen; a catalogue has hundreds


def walk(page):
    """Goes through a screen by the Tab key, from its top: every stop must be seen, and come after the one before."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0); window.walked = []")
    faults = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        fault = page.evaluate(FOCUS)
        if fault == "end":
            break
        if fault:
            faults.append(fault)
    return faults


class Inspector:
    def __init__(self, page, width, theme):
        self.page, self.suffix = page, f"{width}-{theme}"
        self.walks = theme == "light"  # the order of focus has no colours

    def __call__(self, name, ready):
        page = self.page
        expect(ready.first).to_be_visible()
        page.evaluate("Promise.all([...document.images].map((image) => image.loading === 'lazy' || image.decode()))")
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{self.suffix}.png")
        faults = page.evaluate(AUDIT)
        if self.walks:
            faults += walk(page)
        assert not faults, f"{name}: " + "\n".join(faults)


both = [pytest.mark.parametrize("theme", ["light", "dark"]), pytest.mark.parametrize("width", [360, 1440])]


def in_both(test):
    for mark in both:
        test = mark(test)
    return test


def options(width, theme):
    return {"viewport": {"width": width, "height": 900}, "color_scheme": theme, "reduced_motion": "reduce"}


@in_both
def test_screens_of_the_shop(customer, width, theme):
    someone = customer(**options(width, theme))
    page = someone.tab()
    inspect = Inspector(page, width, theme)
    inspect("sign-in", page.get_by_label("User id"))
    someone.sign_in(page)
    inspect("catalogue", page.get_by_text("145 products"))
    page.get_by_label("Search").fill("nothing like it")
    inspect("nothing-found", page.get_by_role("heading", name="Nothing matches"))
    page.goto("/#/orders")
    inspect("orders-empty", page.get_by_role("heading", name="No orders yet"))
    page.goto("/#/cart")
    inspect("cart-empty", page.get_by_role("heading", name="Your cart is empty"))
    add(page, "KS-201")
    inspect("product", page.get_by_role("button", name="Add to cart"))
    page.goto("/#/cart")
    inspect("cart", page.get_by_role("button", name="Place order"))
    order(page, "AZ-104")
    expect_completed(page)
    inspect("order", page.get_by_role("heading", level=1))
    page.get_by_role("button", name="Delete this order").click()
    inspect("dialog", page.get_by_role("dialog"))
    page.get_by_role("button", name="Keep it").click()
    page.goto("/#/orders")
    inspect("orders", page.locator(".order"))


@in_both
def test_screens_of_the_console(customer, stack, width, theme):
    operator = Operator(lambda **more: customer(**more, **options(width, theme)))
    page = operator.page
    page.goto("/ops/")
    inspect = Inspector(page, width, theme)
    inspect("ops-sign-in", page.get_by_label("User id"))
    operator.signed_in()
    inspect("ops-overview", page.get_by_role("row", name="order.accepted"))
    letter = f"LETTER-{width}-{theme}"
    stack.bury("order.failed", letter, '{"orderId": 7}')
    page.goto("/ops/#/dead-letters/order.failed")
    inspect("ops-dead-letters", page.locator(".letter"))
    page.goto("/ops/#/dead-letters/order.processed")
    inspect("ops-no-dead-letters", page.get_by_role("heading", name="Nothing is dead here"))
    page.goto("/ops/#/lab")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("tbody td").nth(1)).not_to_have_text("0")
    page.get_by_role("button", name="End").click()
    inspect("ops-lab", page.locator(".timeline-picture"))
