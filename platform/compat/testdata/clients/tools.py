"""Assistants as tools, by the official client of the Model Context Protocol. Usage: tools.py URL."""

import asyncio
import sys

import httpx2
from langgraph_sdk import get_client
from mcp import Client, MCPError
from mcp.client.streamable_http import streamable_http_client

URL = sys.argv[1]


def tools(token, mode, slash=""):
    http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {token}"} if token else {}, timeout=60)
    return Client(streamable_http_client(URL + "/mcp" + slash, http_client=http), mode=mode)


def question(text):
    return {"messages": [{"role": "user", "content": text}]}


async def names(client):
    found, cursor = [], None
    while True:
        page = await client.list_tools(cursor=cursor)
        found += [tool.name for tool in page.tools]
        if not (cursor := page.next_cursor):
            return found


async def refused(call):
    try:
        got = await call
    except MCPError as e:
        return str(e)
    raise AssertionError(f"want an error, got {got}")


async def meet(mode, slash):
    async with tools("user1-token", mode, slash) as alice, tools("user2-token", mode, slash) as bob:
        assert alice.server_info.name == "locutory", alice.server_info
        assert alice.protocol_version == ("2026-07-28" if mode == "auto" else "2025-11-25"), alice.protocol_version
        hers, his = await names(alice), await names(bob)
        assert hers == ["agent", "Secret_bot"] and his == ["agent", "Mine"], (hers, his)
        listed = (await alice.list_tools()).tools
        assert listed[1].description == "Knows what only Alice may know" and listed[1].title == "Secret bot", listed
        assert listed[0].input_schema["properties"]["messages"]["items"]["required"] == ["role", "content"], listed

        answer = await alice.call_tool("Secret_bot", question("hello"))
        assert not answer.is_error and "offline script" in answer.content[0].text, answer
        assert [m["type"] for m in answer.structured_content["messages"]] == ["human", "ai"], answer
        assert not (await bob.call_tool("agent", question("hello"))).is_error

        foreign = await refused(bob.call_tool("Secret_bot", question("let me in")))
        absent = await refused(bob.call_tool("Other_bot", question("let me in")))
        assert foreign == absent.replace("Other_bot", "Secret_bot"), (foreign, absent)

        wrong = await alice.call_tool("agent", {"messages": 7})
        assert wrong.is_error and "messages" in wrong.content[0].text, wrong


async def main():
    for token, name, about in (
        ("user1-token", "Secret bot", "Knows what only Alice may know"),
        ("user2-token", "Mine", "Bob's"),
    ):
        sdk = get_client(url=URL, headers={"Authorization": f"Bearer {token}"})
        await sdk.assistants.create("agent", name=name, description=about)
    for mode in ("auto", "legacy"):
        for slash in ("", "/"):
            await meet(mode, slash)
    try:
        async with tools(None, "auto") as nobody:
            raise AssertionError(f"nobody is let in: {await nobody.list_tools()}")
    except AssertionError:
        raise
    except Exception as e:  # the client's own error groups
        print("refused:", type(e).__name__)
    # Nothing is left of the runs: they were stateless.
    for token in ("user1-token", "user2-token"):
        sdk = get_client(url=URL, headers={"Authorization": f"Bearer {token}"})
        assert await sdk.threads.count() == 0
    print("tools: good")


asyncio.run(main())
