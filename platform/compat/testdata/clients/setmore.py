"""The graphs of the set more, driven by the official Python client. Usage: setmore.py URL. It prints what it saw, in short."""

import asyncio
import json
import sys

from langgraph_sdk import get_client

c = get_client(url=sys.argv[1])
ALL = ["values", "updates", "custom", "tools", "checkpoints", "tasks", "messages-tuple"]


def says(text):
    return {"messages": [{"type": "human", "content": text}]}


async def new():
    return (await c.threads.create())["thread_id"]


async def all_of(stream):
    return [part async for part in stream]


def texts(values):
    return [m["content"] or [(call["name"], call["args"]) for call in m["tool_calls"]] for m in values["messages"]]


async def agent():
    for text in ("weather in sf", "hello"):
        print("agent", texts(await c.runs.wait(None, "agent", input=says(text))))


async def agent_hitl(decision):
    t = await new()
    run = (await c.runs.create(t, "agent_hitl", input=says("weather in sf"), stream_resumable=True))["run_id"]
    values = await c.runs.join(t, run)
    [question] = values["__interrupt__"]
    state = await c.threads.get_state(t, subgraphs=True)
    request = question["value"]["action_request"]
    print("agent_hitl asks", state["next"], state["interrupts"] == [question], request["action"], request["args"])
    run = (await c.runs.create(t, "agent_hitl", command={"resume": [decision]}, stream_mode=ALL, stream_resumable=True))["run_id"]
    parts = await all_of(c.runs.join_stream(t, run, stream_mode=ALL, last_event_id="-1"))
    tools = [(p.data["event"], (p.data.get("output") or {}).get("status")) for p in parts if p.event == "tools"]
    state = await c.threads.get_state(t, subgraphs=True)
    print("agent_hitl", decision["type"], texts(state["values"]), tools, state["next"], state["interrupts"])
    history = await c.threads.get_history(t)
    asked = [h for h in history if h["next"] == ["human_approval"]]
    print("agent_hitl history", [h["metadata"]["step"] for h in history], len(asked), [task["name"] for task in asked[0]["tasks"]])


async def subgraph_agent():
    t = await new()
    parts = await all_of(c.runs.stream(t, "subgraph_agent", input=says("weather in sf"), stream_mode=ALL, stream_subgraphs=True))
    heard = [p for p in parts if p.event.startswith("messages")]
    silent = [p.data[0] for p in heard if p.data[1]["langgraph_node"] == "no_stream"]
    print("subgraph_agent silent", [(m["type"], m["content"]) for m in silent])
    print("subgraph_agent tokens", sum(p.data[0]["type"] == "AIMessageChunk" for p in heard if p.event.startswith("messages|subgraph_agent:")))
    print("subgraph_agent ends", texts((await c.threads.get_state(t, subgraphs=True))["values"]))


async def subgraph_hitl_agent():
    t = await new()
    values = await c.runs.wait(t, "subgraph_hitl_agent", input={"foo": "x"})
    [question] = values["__interrupt__"]
    state = await c.threads.get_state(t, subgraphs=True)
    [task] = state["tasks"]
    inner = task["state"]
    print("subgraph_hitl_agent asks", question["value"], state["next"], state["values"], inner["next"], inner["values"])
    same = [i["id"] == question["id"] for i in state["interrupts"] + task["interrupts"] + inner["tasks"][0]["interrupts"]]
    print("subgraph_hitl_agent same", same, inner["checkpoint"]["checkpoint_ns"] == "node_1:" + task["id"])
    run = (await c.runs.create(t, "subgraph_hitl_agent", command={"resume": " More."}))["run_id"]
    print("subgraph_hitl_agent ends", await c.runs.join(t, run))
    for ns in ("", inner["checkpoint"]["checkpoint_ns"]):
        history = await c.threads.get_history(t, checkpoint={"checkpoint_ns": ns} if ns else None)
        print("subgraph_hitl_agent history", [(h["metadata"]["step"], h["next"], h["values"].get("foo")) for h in history])


async def factory():
    for context in ({"enable_search": False}, {"model": "big", "system_prompt": "Be brief."}, None):
        parts = await all_of(c.runs.stream(None, "factory", input=says("weather in sf"), context=context, stream_mode=ALL))
        models = {p.data[1].get("ls_model_name") for p in parts if p.event == "messages" and p.data[0]["type"] == "AIMessageChunk"}
        print("factory", models, texts([p.data for p in parts if p.event == "values"][-1])[-1])


async def stress():
    values = await c.runs.wait(None, "stress_test", input=says('{"delay": 0.01, "steps": 3}'))
    print("stress_test", json.loads(values["messages"][-1]["content"]), values["steps_completed"])
    t = await new()
    failed = await c.runs.wait(t, "stress_test", input=says('{"fail": true}'), raise_error=False)
    thread = await c.threads.get(t)
    print("stress_test fails", failed["__error__"], thread["status"], (await c.threads.get_state(t))["next"])
    values = await c.runs.wait(t, "stress_test", input=says('{"delay": 0.01, "steps": 1}'))
    print("stress_test again", values["steps_completed"], (await c.threads.get(t))["status"])
    for order in ('{"delay": 0.01, "steps": 2}', '{"fail": true}'):
        values = await c.runs.wait(None, "stress_tool_agent", input=says(order))
        tools = [(m["content"], m["status"]) for m in values["messages"] if m["type"] == "tool"]
        print("stress_tool_agent", tools, json.loads(values["messages"][-1]["content"])["status"])


async def main():
    await agent()
    for decision in (
        {"type": "accept", "args": None},
        {"type": "response", "args": "never mind"},
        {"type": "edit", "args": {"action": "tool_execution", "args": {"search": {"query": "weather in rome"}}}},
        {"type": "ignore", "args": None},
    ):
        await agent_hitl(decision)
    await subgraph_agent()
    await subgraph_hitl_agent()
    await factory()
    await stress()


asyncio.run(main())
