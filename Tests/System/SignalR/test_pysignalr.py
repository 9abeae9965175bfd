"""pysignalr: asyncio.

It calls `access_token_factory` only after the WebSocket is open, so that its first negotiation and handshake carry no
token, which this hub answers with 401. The tests therefore pass the header themselves.
"""

import asyncio
import contextlib

import pytest
from pysignalr.client import SignalRClient
from pysignalr.exceptions import AuthorizationError

from conftest import TIMEOUT, completed


@contextlib.asynccontextmanager
async def connected(customer):
    notifications, errors, opened = asyncio.Queue(), asyncio.Queue(), asyncio.Event()
    client = SignalRClient(
        customer.hub, headers=customer.authorization, access_token_factory=lambda: customer.token)

    async def notified(arguments):
        for argument in arguments:
            notifications.put_nowait(argument)

    async def was_opened():
        opened.set()

    client.on("Notification", notified)
    client.on_open(was_opened)
    client.on_error(errors.put)
    running = asyncio.create_task(client.run())
    try:
        await asyncio.wait_for(opened.wait(), TIMEOUT)
        yield client, notifications, errors
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running


async def invoke(client, name, *arguments):
    answer = asyncio.get_running_loop().create_future()

    async def completion(message):
        answer.set_result(message)

    await client.send(name, list(arguments), completion)
    return await asyncio.wait_for(answer, TIMEOUT)


async def ignore_completion(_):
    """A callback requests a completion; a failed invocation calls on_error instead."""


def test_owner_invokes_methods_and_receives_notifications(customer):
    async def scenario():
        async with connected(customer) as (client, notifications, errors):
            assert (await invoke(client, "Ping")).result == "pong"
            order = await asyncio.to_thread(customer.order)
            registered = await invoke(client, "RegisterOrder", {"value": order["correlationId"]})
            assert not registered.error
            while await asyncio.wait_for(notifications.get(), TIMEOUT) != completed(order):
                pass
            status = await invoke(client, "GetCurrentStatus", order["correlationId"])
            assert status.result == {"status": 2, "orderId": order["id"]}
            await client.send("GetCurrentStatus", [7], ignore_completion)
            assert (await asyncio.wait_for(errors.get(), TIMEOUT)).error == "Invalid correlationId"

    asyncio.run(scenario())


def test_negotiation_without_token_is_rejected(customer):
    async def scenario():
        client = SignalRClient(customer.hub, access_token_factory=lambda: customer.token)
        with pytest.raises(AuthorizationError):
            await asyncio.wait_for(client.run(), TIMEOUT)

    asyncio.run(scenario())
