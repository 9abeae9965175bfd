"""Accessibility of every page and report at two widths and in both themes: no finding of axe, the order of focus, nothing
beyond the width. Saves screenshots."""

import os
import pathlib
import subprocess

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from customer import add, expect_completed, order
from support import ROOT
from support.stack import running
from test_console import Operator

HERE = pathlib.Path(__file__).resolve()
SCREENSHOTS = ROOT / "var" / "pictures"
AXE = Axe()
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
FOCUS_ORDER = HERE.with_name("focus-order.js").read_text()
MAX_STOPS = 25  # focused elements per page; a catalogue has hundreds


def violations(page):
    """What axe finds, an element a line."""
    found = [
        f"{rule['id']}: {node['html'][:140]} {'; '.join(one['message'] for one in node['any'])}"
        for rule in AXE.run(page, options=RULES).response["violations"] for node in rule["nodes"]]
    width = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    return found + ([f"{width} px beyond the width"] if width > 0 else [])


def focus_violations(page):
    """Moves through a page by the Tab key and checks that each stop is visible and follows the previous one."""
    page.evaluate("document.activeElement.blur(); scrollTo(0, 0); window.visited = []")
    found = []
    for _ in range(MAX_STOPS):
        page.keyboard.press("Tab")
        violation = page.evaluate(FOCUS_ORDER)
        if violation == "end":
            break
        if violation:
            found.append(violation)
    return found


class PageInspector:
    def __init__(self, page, width, theme):
        self.page, self.suffix = page, f"{width}-{theme}"
        self.checks_focus = theme == "light"  # focus order does not depend on the theme

    def __call__(self, name, ready):
        page = self.page
        expect(ready.first).to_be_visible()
        page.evaluate("Promise.all([...document.images].map((image) => image.loading === 'lazy' || image.decode()))")
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{name}-{self.suffix}.png")
        found = violations(page)
        if self.checks_focus:
            found += focus_violations(page)
        assert not found, f"{name}: " + "\n".join(found)


def fail_order(route):
    response = route.fetch()
    route.fulfill(response=response, json=response.json() | {
        "status": "FAILED", "failure": {"code": "product_unavailable", "detail": "-"}})


def hide_product(route):
    response = route.fetch()
    page = response.json()
    route.fulfill(response=response, json=page | {
        "items": [item for item in page["items"] if item["externalProductId"] != "AZ-104"]})


def in_all_variants(test):
    # Every value is in two that `make test` runs.
    return pytest.mark.parametrize("width,theme", [
        pytest.param(360, "light", marks=pytest.mark.long), (360, "dark"), (1440, "light"),
        pytest.param(1440, "dark", marks=pytest.mark.long)])(test)


def options(width, theme):
    return {"viewport": {"width": width, "height": 900}, "color_scheme": theme, "reduced_motion": "reduce"}


@in_all_variants
def test_storefront_pages_are_accessible(new_customer, width, theme):
    customer = new_customer(**options(width, theme))
    page = customer.tab()
    inspect = PageInspector(page, width, theme)
    inspect("sign-in", page.get_by_label("User id"))
    customer.sign_in(page)
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
    page.route("**/api/orders/*", fail_order)
    page.locator(".order a").click()
    page.reload()
    inspect("order-failed", page.locator(".failure"))
    page.route("**/api/products?*", hide_product)
    page.reload()
    page.get_by_role("button", name="Order again").click()
    inspect("cart-again", page.locator("cart-page > .notice"))


@in_all_variants
def test_console_pages_are_accessible(new_customer, stack, width, theme):
    operator = Operator(lambda **more: new_customer(**more, **options(width, theme)))
    page = operator.page
    page.goto("/ops/")
    inspect = PageInspector(page, width, theme)
    inspect("ops-sign-in", page.get_by_label("User id"))
    operator.signed_in()
    inspect("ops-overview", page.get_by_role("row", name="order.accepted"))
    stack.publish_dead_letter("order.failed", f"DEAD-{width}-{theme}", '{"orderId": 7}')
    page.goto("/ops/#/dead-letters/order.failed")
    inspect("ops-dead-letters", page.locator(".dead-letter"))
    page.goto("/ops/#/dead-letters/order.processed")
    inspect("ops-no-dead-letters", page.get_by_role("heading", name="No dead letters"))
    page.goto("/ops/#/lab")
    page.get_by_role("button", name="Begin").click()
    expect(page.locator("tbody td").nth(1)).not_to_have_text("0")
    page.get_by_role("button", name="End").click()
    inspect("ops-lab", page.locator(".failover-chart"))


@pytest.mark.parametrize("scenario", ["load", pytest.param("failover", marks=pytest.mark.long)])
def test_reports_are_accessible(browser, stack, tmp_path, scenario):
    page = tmp_path / f"{scenario}.html"
    if scenario == "load":
        waybill("load", "--rate", "10", "--for", "3", "--out", page, stack=stack)
    else:
        with running(WAYBILL_NOTIFIERS="3") as own:
            waybill("demo", "failover", "--users", "8", "--seconds", "12", "--rate", "8", "--page", page, stack=own)
    for width, theme in ((360, "dark"), (1440, "light")):
        context = browser.new_context(**options(width, theme))
        tab = context.new_page()
        errors = []
        tab.on("pageerror", lambda error: errors.append(error))  # noqa: PLW0108
        tab.goto(page.as_uri())
        if scenario == "load":
            expect(tab.locator(".chart canvas").first).to_be_visible()
            assert tab.locator(".chart").count() == 4
        tab.screenshot(path=SCREENSHOTS / f"{scenario}-{width}-{theme}.png", full_page=True)
        found = violations(tab)
        context.close()
        assert not found and not errors, "\n".join([*found, *map(str, errors)])


def waybill(*words, stack):
    program = pathlib.Path(os.environ.get("WAYBILL_BIN", ROOT / ".build" / "release"), "waybill")
    done = subprocess.run([program, *words, "--stack", stack.file], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
