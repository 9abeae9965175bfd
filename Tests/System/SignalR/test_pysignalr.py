"""pysignalr: asyncio.

Its `access_token_factory` is asked only once the WebSocket is open, for the next connection: neither its first
negotiation nor its first handshake carries a token, and a hub that wants one answers 401. So the header is given.
"""

import asyncio
import contextlib

import pytest
from pysignalr.client import SignalRClient
from pysignalr.exceptions import AuthorizationError

from conftest import PATIENCE, completed


@contextlib.asynccontextmanager
async def connected(customer):
    notifications, errors, opened = asyncio.Queue(), asyncio.Queue(), asyncio.Event()
    client = SignalRClient(
        customer.hub, headers=customer.authorization, access_token_factory=lambda: customer.token)

    async def told(arguments):
        for argument in arguments:
            notifications.put_nowait(argument)

    async def was_opened():
        opened.set()

    client.on("Notification", told)
    client.on_open(was_opened)
    client.on_error(errors.put)
    running = asyncio.create_task(client.run())
    try:
        await asyncio.wait_for(opened.wait(), PATIENCE)
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
    return await asyncio.wait_for(answer, PATIENCE)


async def answers_nothing(_):
    """An invocation that has a callback is answered; one that fails calls on_error instead."""


def test_the_owner_invokes_and_is_told(customer):
    async def story():
        async with connected(customer) as (client, notifications, errors):
            assert (await invoke(client, "Ping")).result == "pong"
            order = await asyncio.to_thread(customer.order)
            registered = await invoke(client, "RegisterOrder", {"value": order["correlationId"]})
            assert not registered.error
            while await asyncio.wait_for(notifications.get(), PATIENCE) != completed(order):
                pass
            status = await invoke(client, "GetCurrentStatus", order["correlationId"])
            assert status.result == {"status": 2, "orderId": order["id"]}
            await client.send("GetCurrentStatus", [7], answers_nothing)
            assert (await asyncio.wait_for(errors.get(), PATIENCE)).error == "Invalid correlationId"

    asyncio.run(story())


def test_without_a_token_the_negotiation_is_refused(customer):
    async def story():
        client = SignalRClient(customer.hub, access_token_factory=lambda: customer.token)
        with pytest.raises(AuthorizationError):
            await asyncio.wait_for(client.run(), PATIENCE)

    asyncio.run(story())
