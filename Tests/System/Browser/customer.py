"""Actions of a customer in the storefront, and expectations of its pages."""

import re

from playwright.sync_api import expect


class Customer:
    def __init__(self, context, user):
        self.context = context
        self.user = user
        self.errors = []
        self._expected = []
        context.on("console", self._console)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _console(self, message):
        if message.type in ("error", "warning"):
            self.errors.append(f"{message.type}: {message.text} ({message.location.get('url')})")

    def expect_console_error(self, pattern):
        """Permits matching errors: Chromium logs failed requests to the console."""
        self._expected.append(pattern)

    def expects(self, error):
        return any(re.search(pattern, error) for pattern in self._expected)

    def tab(self, path="/"):
        page = self.context.new_page()
        page.goto("/#" + path)
        return page

    def signed_in(self, path="/"):
        """A tab with the customer signed in and connected."""
        page = self.tab()
        self.sign_in(page)
        if path != "/":
            page.goto("/#" + path)
        return page

    def sign_in(self, page):
        page.get_by_label("User id").fill(self.user)
        page.get_by_role("button", name="Sign in", exact=True).click()
        expect_live(page)


def expect_live(page):
    expect(pill(page)).to_have_attribute("data-phase", "connected")


def pill(page):
    return page.locator("connection-pill")


def add(page, code):
    page.goto("/#/products/" + code)
    expect(page.locator(".facts")).to_contain_text(code)
    page.get_by_role("button", name="Add to cart").click()


def order(page, *codes):
    """Orders the products by way of the cart; returns the order's id. The page then shows the order."""
    for code in codes:
        add(page, code)
    page.goto("/#/cart")
    page.get_by_role("button", name="Place order").click()
    heading = page.get_by_role("heading", level=1, name=re.compile(r"^Order \d+$"))
    heading.wait_for()
    return int(heading.inner_text().split()[1])


def expect_status(page, status):
    expect(page.locator(".order-status .badge")).to_have_text(status)


def expect_completed(page):
    expect_status(page, "Completed")
    expect(page.locator(".timeline .step-done")).to_have_count(3)


def mark_page(page):
    """For `expect_not_reloaded`."""
    page.evaluate("window.isMarked = true")


def expect_not_reloaded(page):
    assert page.evaluate("window.isMarked === true"), "the page was reloaded"
