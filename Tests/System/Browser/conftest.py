"""Fixtures: the stack, the OpenID Connect issuer, the browser, and customers with unique user ids."""

import json
import os
import secrets
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from customer import Customer
from issuer import CLIENT, Issuer
from support.stack import running

expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def issuer():
    issuer = Issuer()
    yield issuer
    issuer.close()


@pytest.fixture(scope="session")
def stack(issuer):
    """The stack of WAYBILL_STACK, else a private one whose sign-in offers the issuer."""
    with running(JWT_ISSUER=issuer.url, OIDC_ISSUER=issuer.url, OIDC_CLIENT_ID=CLIENT) as stack:
        issuer.stack = stack
        yield stack


@pytest.fixture(scope="session")
def browser():
    program = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    with sync_playwright() as playwright:
        # The sandbox requires privileges that containers lack; only the stack's own pages are opened.
        chromium = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield chromium
        chromium.close()


@pytest.fixture
def new_customer(browser, stack):
    """Creates customers with a browser profile each. Unexpected console errors of their pages fail the test."""
    customers = []

    def create(user=None, script=None, **options):
        context = browser.new_context(base_url=stack.edge, **options)
        context.set_default_timeout(15_000)
        if script:
            context.add_init_script(script)
        customers.append(Customer(context, user or f"BROWSER-{secrets.token_hex(6)}"))
        return customers[-1]

    yield create
    errors = [error for customer in customers for error in customer.errors if not customer.expects(error)]
    for customer in customers:
        for page in customer.context.pages:
            page.unroute_all(behavior="ignoreErrors")  # a request may be on its way
        customer.context.close()
    assert not errors, json.dumps(errors, indent=2)
