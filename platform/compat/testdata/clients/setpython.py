"""The graphs of the set python, driven by the official Python client. Usage: setpython.py URL. It prints what it saw, in short."""

import asyncio
import sys

from langgraph_sdk import get_client

c = get_client(url=sys.argv[1])
ALL = ["values", "updates", "custom", "tools", "checkpoints", "tasks", "messages-tuple"]
HI = {"messages": [{"type": "human", "id": "h", "content": "hi"}]}


async def new():
    return (await c.threads.create())["thread_id"]


async def all_of(stream):
    return [part async for part in stream]


def said(values):
    return [m["id"] if len(m["id"]) < 30 else m["content"] for m in values["messages"]]


async def agent():
    t = await new()
    run = (await c.runs.create(t, "agent", input=HI, stream_mode=ALL, stream_subgraphs=True, stream_resumable=True))["run_id"]
    parts = await all_of(c.runs.join_stream(t, run, stream_mode=ALL, last_event_id="-1"))
    progress = [p.data for p in parts if p.event == "custom"]
    steps = [f"{p['step']}.{p['phase']}" for p in progress if p["name"] == "progress"]
    print("agent progress", *steps)
    print("agent tokens", [p.data[0]["content"] for p in parts if p.event == "messages" and p.data[0]["id"] == "ai-msg-1"])
    print("agent children", [p.event for p in parts if "|" in p.event], "tools", [p for p in parts if p.event == "tools"])

    state = await c.threads.get_state(t, subgraphs=True)
    [question], [task] = state["interrupts"], state["tasks"]
    print("agent waits", state["next"], question["value"], task["interrupts"] == [question], task["state"])
    thread = await c.threads.get(t)
    print("agent thread", thread["status"], thread["interrupts"] == {task["id"]: [question]}, said(thread["values"]))

    run = (await c.runs.create(t, "agent", command={"resume": {question["id"]: "yes"}}))["run_id"]
    values = await c.runs.join(t, run)
    print("agent ends", said(values), values["items"], values["value"])
    # A log is kept for a while after the end of a run, for all readers.
    print("agent late", [p.event for p in await all_of(c.runs.join_stream(t, run))])
    state, thread = await c.threads.get_state(t, subgraphs=True), await c.threads.get(t)
    print("agent rests", state["next"], state["interrupts"], state["tasks"], thread["status"], thread["interrupts"])
    history = await c.threads.get_history(t)
    print("agent history", [(h["metadata"]["step"], h["metadata"]["source"], h["next"]) for h in history])
    parents = [h["parent_checkpoint"] and h["parent_checkpoint"]["checkpoint_id"] for h in history]
    print("agent line", parents == [h["checkpoint"]["checkpoint_id"] for h in history[1:]] + [None])


async def tools_agent():
    t = await new()
    parts = await all_of(c.runs.stream(t, "tools_agent", input=HI, stream_mode=ALL))
    for p in parts:
        if p.event == "tools":
            print("tools_agent", p.data["event"], p.data["toolCallId"], p.data.get("input") or p.data["output"]["status"])
    values = [p.data for p in parts if p.event == "values"][-1]
    print("tools_agent ends", said(values))


async def deep_agent():
    t = await new()
    parts = await all_of(c.runs.stream(t, "deep_agent", input=HI, stream_mode=ALL, stream_subgraphs=True))
    [task] = [p.data["id"] for p in parts if p.event == "tasks" and p.data["name"] == "tools" and "input" in p.data]
    children = {p.event.split("|")[1] for p in parts if "|" in p.event}
    print("deep_agent children", children == {"tools:" + task})
    [child] = children
    print("deep_agent heard", sorted({p.data[0]["id"] for p in parts if p.event == "messages|" + child}))
    history = await c.threads.get_history(t, checkpoint={"checkpoint_ns": child})
    print("deep_agent child history", [(h["metadata"]["step"], h["next"]) for h in history], said(history[0]["values"]))
    values = (await c.threads.get_state(t, subgraphs=True))["values"]
    print("deep_agent ends", said(values))


async def factory_agent():
    print("factory_agent", await c.runs.wait(None, "factory_agent", input={"text": "hi"}))


async def main():
    await agent()
    await tools_agent()
    await deep_agent()
    await factory_agent()


asyncio.run(main())
