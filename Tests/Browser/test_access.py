"""Each screen at two widths and in both themes: names, contrast, and nothing wider than the screen. Takes pictures."""

import pathlib

import pytest
from playwright.sync_api import expect

from customer import add, expect_completed, order

PICTURES = pathlib.Path(__file__).resolve().parents[2] / ".build" / "browser" / "pictures"
AUDIT = (pathlib.Path(__file__).parent / "audit.js").read_text()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1440])
def test_screens(customer, width, theme):
    someone = customer(viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce")
    page = someone.tab()

    def inspect(name, ready):
        expect(ready.first).to_be_visible()
        page.evaluate("Promise.all([...document.images].map((image) => image.loading === 'lazy' || image.decode()))")
        PICTURES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=PICTURES / f"{name}-{width}-{theme}.png")
        faults = page.evaluate(AUDIT)
        assert not faults, f"{name}: " + "\n".join(faults)

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
