"""A stack, a browser, and customers who nobody else is."""

import json
import os
import pathlib
import secrets
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from customer import Customer
from issuer import Issuer
from stack import Stack, private

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def issuer():
    one = Issuer()
    yield one
    one.close()


@pytest.fixture(scope="session")
def stack(issuer):
    """The one that WAYBILL_STACK describes; without it one of our own, where the issuer signs people in as well."""
    if path := os.environ.get("WAYBILL_STACK"):
        yield Stack(pathlib.Path(path))
        return
    with private(issuer) as running:
        issuer.stack = running
        yield running


@pytest.fixture(scope="session")
def browser():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        # The sandbox needs rights that containers do not give; only our own pages are opened.
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture
def customer(browser, stack):
    """Makes customers with a browser profile each. What their pages complain of fails the test at its end."""
    made = []

    def make(user=None, script=None, **options):
        context = browser.new_context(base_url=stack.edge, **options)
        context.set_default_timeout(15_000)
        if script:
            context.add_init_script(script)
        made.append(Customer(context, user or f"BROWSER-{secrets.token_hex(6)}"))
        return made[-1]

    yield make
    complaints = [complaint for one in made for complaint in one.complaints if not one.expects(complaint)]
    for one in made:
        one.context.close()
    assert not complaints, json.dumps(complaints, indent=2)
