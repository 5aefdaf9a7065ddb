"""Assistants as the tools of an agent in LangGraph, by langchain-mcp-adapters, as two users. Usage: adapters.py URL."""

import asyncio
import sys

from langchain_core.language_models.fake_chat_models import FakeMessagesListChatModel
from langchain_core.messages import AIMessage, ToolMessage
from langchain_mcp_adapters.client import MultiServerMCPClient
from langchain_mcp_adapters.tools import load_mcp_tools
from langgraph.prebuilt import create_react_agent
from langgraph_sdk import get_client

URL = sys.argv[1]


class Model(FakeMessagesListChatModel):
    """A model that says what it is told to."""

    def bind_tools(self, tools, **_):
        return self


def question(text):
    return {"messages": [{"role": "user", "content": text}]}


def mcp(token, path="/mcp"):
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return MultiServerMCPClient({"assistants": {"transport": "streamable_http", "url": URL + path, "headers": headers}})


async def tools(client):
    return {tool.name: tool for tool in await client.get_tools()}


async def meet(path):
    alice, bob = mcp("user1-token", path), mcp("user2-token", path)
    hers, his = await tools(alice), await tools(bob)
    assert list(hers) == ["agent", "Secret_bot"] and list(his) == ["agent", "Mine"], (hers, his)
    assert hers["Secret_bot"].description == "Knows what only Alice may know", hers
    assert hers["agent"].args["messages"]["items"]["required"] == ["role", "content"], hers["agent"].args

    # An agent whose model calls the assistant, and then answers.
    call = AIMessage("", tool_calls=[{"id": "call-1", "name": "Secret_bot", "args": question("hello")}])
    agent = create_react_agent(Model(responses=[call, AIMessage("It greeted me.")]), list(hers.values()))
    said = (await agent.ainvoke(question("greet the bot")))["messages"]
    [told] = [m for m in said if isinstance(m, ToolMessage)]
    assert told.status == "success" and "offline script" in str(told.content), told
    assert [m["type"] for m in told.artifact["structured_content"]["messages"]] == ["human", "ai"], told
    assert said[-1].content == "It greeted me.", said

    # What is wrong is the model's to read, and what is not Bob's is to him as what is not there.
    wrong = await hers["agent"].ainvoke({"id": "call-2", "name": "agent", "args": {"messages": 7}, "type": "tool_call"})
    assert wrong.status == "error" and "messages" in str(wrong.content), wrong
    async with bob.session("assistants") as session:
        assert [tool.name for tool in await load_mcp_tools(session)] == ["agent", "Mine"]
        failed = []
        for name in ("Secret_bot", "Other_bot"):
            try:
                raise AssertionError(await session.call_tool(name, question("let me in")))
            except Exception as e:
                failed.append(str(e).replace(name, "*"))
        assert failed[0] == failed[1], failed
        await session.send_ping()


async def main():
    for token, name, about in (
        ("user1-token", "Secret bot", "Knows what only Alice may know"),
        ("user2-token", "Mine", "Bob's"),
    ):
        sdk = get_client(url=URL, headers={"Authorization": f"Bearer {token}"})
        await sdk.assistants.create("agent", name=name, description=about)
    for path in ("/mcp", "/mcp/"):
        await meet(path)
    # One client over two users' servers: each keeps to its own.
    two = {
        name: {"transport": "http", "url": URL + "/mcp", "headers": {"Authorization": f"Bearer {token}"}}
        for name, token in (("hers", "user1-token"), ("his", "user2-token"))
    }
    prefixed = MultiServerMCPClient(two, tool_name_prefix=True)
    assert list(await tools(prefixed)) == ["hers_agent", "hers_Secret_bot", "his_agent", "his_Mine"]
    try:
        raise AssertionError(f"nobody is let in: {await tools(mcp(None))}")
    except AssertionError:
        raise
    except Exception as e:  # the client's own error groups
        print("refused:", type(e).__name__)
    for token in ("user1-token", "user2-token"):
        assert await get_client(url=URL, headers={"Authorization": f"Bearer {token}"}).threads.count() == 0
    print("adapters: good")


asyncio.run(main())
