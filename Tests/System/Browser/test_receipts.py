"""An order on paper."""

from playwright.sync_api import expect

from customer import expect_completed, order
from support import ROOT

PICTURES = ROOT / "var" / "pictures"


def test_an_order_prints_as_a_receipt(new_customer):
    page = new_customer(color_scheme="dark").signed_in()
    number = order(page, "AZ-104", "KS-201")
    expect_completed(page)
    expect(page.locator(".receipt-brand")).to_be_hidden()
    page.emulate_media(media="print")
    for shown in (page.locator(".receipt-brand"), page.get_by_role("heading", name=f"Order {number}"), page.locator(".summary-total strong"),
                  page.locator(".order-detail code"), page.locator(".badge")):
        expect(shown).to_be_visible()
    expect(page.locator(".line:visible")).to_have_count(2)
    expect(page.locator(".timeline time:visible")).to_have_count(3)
    for hidden in ("app-bar", "toast-list", ".back-link", ".order-detail .actions", "img", ".step-mark"):
        expect(page.locator(hidden).first).to_be_hidden()
    colours = page.evaluate("[getComputedStyle(document.documentElement).backgroundColor, getComputedStyle(document.querySelector('h1')).color]")
    assert colours == ["rgb(255, 255, 255)", "rgb(0, 0, 0)"], "dark ink on white paper, whatever the theme"
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.set_viewport_size({"width": 720, "height": 1000})  # A4 between its margins
    page.screenshot(path=PICTURES / "receipt.png")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "an order of two lines takes more than a page"


def test_the_print_button_prints(new_customer):
    page = new_customer(script="window.print = () => { window.printed = (window.printed ?? 0) + 1 }").signed_in()
    order(page, "AZ-104")
    expect_completed(page)
    page.get_by_role("button", name="Print").click()
    assert page.evaluate("window.printed") == 1
