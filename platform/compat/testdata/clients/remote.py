"""LangGraph's RemoteGraph, as it is. Usage: remote.py URL core|users."""

import asyncio
import sys
import uuid
from typing import Annotated, TypedDict

from langchain_core.messages import AnyMessage
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import END, START, StateGraph
from langgraph.graph.message import add_messages
from langgraph.pregel.remote import RemoteException, RemoteGraph
from langgraph.types import Command
from langgraph_sdk.errors import AuthenticationError, NotFoundError, UnprocessableEntityError

URL, PART = sys.argv[1], sys.argv[2]


def remote(graph, **more):
    return RemoteGraph(graph, url=URL, **more)


def said(text="hello", **more):
    return {"messages": [{"role": "human", "content": text, "id": str(uuid.uuid4())}], **more}


def thread():
    return {"configurable": {"thread_id": str(uuid.uuid4())}}


def refused(error, call):
    try:
        got = call()
    except error as e:
        return e
    raise AssertionError(f"want {error.__name__}, got {got}")


def drawn():
    graph = remote("agent").get_graph()
    assert set(graph.nodes) >= {"__start__", "agent", "tool", "__end__"}, graph.nodes
    assert {(e.source, e.target) for e in graph.edges} >= {("__start__", "agent"), ("tool", "agent")}, graph.edges
    closed, open_ = remote("nested").get_graph(), remote("nested").get_graph(xray=True)
    assert "gp_two" in closed.nodes and "gp_two" not in open_.nodes, (closed.nodes, open_.nodes)
    assert "gp_two:p_one" in open_.nodes and "gp_two:p_two:c_two" in open_.nodes, open_.nodes
    once = remote("nested").get_graph(xray=1)
    assert "gp_two:p_two" in once.nodes and "gp_two:p_two:c_two" not in once.nodes, once.nodes
    assert "graph TD" in open_.draw_mermaid()


def invoked():
    values = remote("agent").invoke(said())
    assert [m["type"] for m in values["messages"]] == ["human", "ai", "tool", "ai"], values
    config = thread()
    values = remote("agent").invoke(said(), config)
    state = remote("agent").get_state(config)
    assert state.values["messages"] == values["messages"] and state.next == () and state.tasks == (), state
    output = remote("agent").invoke(said(), config, version="v2")
    assert len(output.value["messages"]) == 8 and output.interrupts == (), output


def streamed():
    agent = remote("agent")
    values = list(agent.stream(said(), thread(), stream_mode="values"))
    assert [len(v["messages"]) for v in values] == [1, 2, 3, 4], values
    updates = list(agent.stream(said(), thread()))
    assert [list(u) for u in updates] == [["agent"], ["tool"], ["agent"]], updates
    chunks = list(agent.stream(said(), thread(), stream_mode="messages"))
    text = "".join(m["content"] for m, meta in chunks if m["type"] == "AIMessageChunk" and meta["langgraph_node"] == "agent")
    assert text == "beginend", chunks
    steps = list(agent.stream(said(sleep={"steps": 3, "ms": 1}), thread(), stream_mode="custom"))
    assert steps == [{"type": "sleep", "step": i} for i in range(3)], steps
    both = list(agent.stream(said(), thread(), stream_mode=["values", "updates"]))
    assert {c.event for c in both} == {"values", "updates"}, both

    nested = remote("nested")
    deep = list(nested.stream({"messages": ["hi"]}, thread(), subgraphs=True))
    spaces = [tuple(n.split(":")[0] for n in ns) for ns, _ in deep]
    assert spaces == [(), ("gp_two", "p_two"), ("gp_two", "p_two"), ("gp_two",), ()] or set(spaces) >= {(), ("gp_two",), ("gp_two", "p_two")}, spaces
    flat = list(nested.stream({"messages": ["hi"]}, thread()))
    assert [list(u) for u in flat] == [["gp_one"], ["gp_two"]], flat


def looked():
    agent, config = remote("agent"), thread()
    assert list(agent_history_or_empty(agent, config)) == []
    agent.invoke(said(), config)
    history = list(agent.get_state_history(config))
    assert len(history) == 5 and history[-1].next == ("__start__",), history
    assert [h.metadata["step"] for h in history] == [3, 2, 1, 0, -1], history
    assert history[0].parent_config["configurable"]["checkpoint_id"] == history[1].config["configurable"]["checkpoint_id"]
    two = list(agent.get_state_history(config, limit=2))
    assert [h.config for h in two] == [h.config for h in history[:2]], two
    older = list(agent.get_state_history(config, before=history[2].config))
    assert [h.config for h in older] == [h.config for h in history[3:]], older
    loops = list(agent.get_state_history(config, filter={"source": "input"}))
    assert [h.metadata["source"] for h in loops] == ["input"], loops
    then = agent.get_state(history[2].config)
    assert then.values == history[2].values and then.next == history[2].next, then

    made = agent.update_state(config, said("a word more"), as_node="agent")
    now = agent.get_state(config)
    assert now.config["configurable"]["checkpoint_id"] == made["configurable"]["checkpoint_id"], (now.config, made)
    assert now.values["messages"][-1]["content"] == "a word more" and now.next == ("tool",), now
    fork = agent.update_state(history[2].config, said("another way"), as_node="agent")
    assert agent.get_state(fork).parent_config["configurable"]["checkpoint_id"] == history[2].config["configurable"]["checkpoint_id"]


def agent_history_or_empty(agent, config):
    try:
        return list(agent.get_state_history(config))
    except NotFoundError:  # no run has made the thread yet
        return []


def below():
    weather, config = remote("weather"), thread()
    weather.invoke(said("how is it?"), config)
    state = weather.get_state(config, subgraphs=True)
    assert state.next == ("weather_graph",), state
    inner = state.tasks[0].state
    assert inner.next == ("weather_node",) and inner.values["city"] == "San Francisco", inner
    flat = weather.get_state(config).tasks[0].state
    assert flat["configurable"]["checkpoint_ns"].startswith("weather_graph:"), flat
    at = weather.get_state(inner.config)
    assert at.values["city"] == "San Francisco", at
    weather.update_state(inner.config, {"city": "Berlin"})
    values = weather.invoke(None, config)
    assert values["messages"][-1]["content"] == "It's sunny in Berlin!", values


def asked():
    agent, config = remote("agent"), thread()
    values = agent.invoke(said(interrupt=True), config)
    assert [i["value"] for i in values["__interrupt__"]] == ["i want to interrupt"], values
    state = agent.get_state(config)
    assert state.next == ("agent",) and [i.value for i in state.interrupts] == ["i want to interrupt"], state
    output = agent.invoke(None, config, version="v2")
    assert [i.value for i in output.interrupts] == ["i want to interrupt"], output
    values = agent.invoke(Command(resume="go on", update={"interrupt": False}), config)
    assert "__interrupt__" not in values and len(values["messages"]) == 4, values
    stopped = agent.invoke(said(), thread(), interrupt_before=["tool"])
    assert len(stopped["messages"]) == 2, stopped
    updates = list(agent.stream(said(interrupt=True), thread()))
    assert updates[-1]["__interrupt__"][0]["value"] == "i want to interrupt", updates


def failed():
    said_so = refused(RemoteException, lambda: remote("error").invoke(said()))
    assert said_so.args[0]["error"] == "CustomError" and said_so.args[0]["message"] == "Boo!", said_so.args
    limit = refused(RemoteException, lambda: remote("agent").invoke(said(), thread() | {"recursion_limit": 1}))
    assert limit.args[0]["error"] == "GraphRecursionError", limit.args
    refused(NotFoundError, lambda: remote("nowhere").invoke(said()))
    refused(UnprocessableEntityError, lambda: remote("nowhere").get_graph())  # neither a graph nor a UUID
    refused(NotFoundError, lambda: remote("agent").get_state(thread()))


class Talk(TypedDict):
    messages: Annotated[list[AnyMessage], add_messages]
    interrupt: bool
    trail: str


def around(name="agent", **more):
    """A local graph with the remote one as a node."""
    graph = StateGraph(Talk)
    graph.add_node("before", lambda state: {"trail": "before"})
    graph.add_node("far", remote(name, name="far", **more))
    graph.add_node("after", lambda state: {"trail": state["trail"] + " after"})
    graph.add_edge(START, "before").add_edge("before", "far").add_edge("far", "after").add_edge("after", END)
    return graph.compile(checkpointer=InMemorySaver())


def embedded():
    graph = around()
    config = thread()
    values = graph.invoke({"messages": [("user", "hello")], "interrupt": False}, config)
    assert [m.type for m in values["messages"]] == ["human", "ai", "tool", "ai"] and values["trail"] == "before after", values
    spaces = {ns[0].split(":")[0] for ns, _ in graph.stream({"messages": [("user", "hello")]}, thread(), subgraphs=True) if ns}
    assert spaces == {"far"}, spaces
    seen = [m["content"] if isinstance(m, dict) else m.content for _, (m, _) in graph.stream({"messages": [("user", "hi")]}, thread(), stream_mode="messages", subgraphs=True)]
    assert "".join(seen).count("begin") >= 1, seen


def embedded_and_asked():
    graph, config = around(), thread()
    first = graph.invoke({"messages": [("user", "hello")], "interrupt": True}, config)
    assert [i.value for i in first["__interrupt__"]] == ["i want to interrupt"], first
    assert graph.get_state(config).next == ("far",)
    # Without an answer the question is asked again, and the input is not taken a second time.
    again = graph.invoke(None, config)
    assert [i.value for i in again["__interrupt__"]] == ["i want to interrupt"], again
    assert len(remote("agent").get_state(config).values["messages"]) == 1
    answer = Command(resume={again["__interrupt__"][0].id: "go on"})
    done = graph.invoke(answer, config)
    assert "__interrupt__" not in done and done["trail"] == "before after", done
    assert [m.type for m in done["messages"]] == ["human", "ai", "tool", "ai"], done
    # The next turn on the same thread begins with its own input.
    more = graph.invoke({"messages": [("user", "once more")], "interrupt": False}, config)
    assert [m.type for m in more["messages"]].count("human") == 2, more


async def waited():
    agent, config = remote("agent"), thread()
    values = await agent.ainvoke(said(), config)
    assert len(values["messages"]) == 4, values
    updates = [u async for u in agent.astream(said(), thread(), stream_mode="updates")]
    assert [list(u) for u in updates] == [["agent"], ["tool"], ["agent"]], updates
    parts = [p async for p in agent.astream(said(), thread(), stream_mode=["messages", "custom"], subgraphs=True)]
    assert parts and all(mode == "messages" for _, mode, _ in parts), parts
    assert (await agent.aget_state(config)).values == values
    assert len([s async for s in agent.aget_state_history(config)]) == 5
    assert "agent" in (await agent.aget_graph()).nodes
    await agent.aupdate_state(config, said("more"), as_node="agent")
    done = await around().ainvoke({"messages": [("user", "hello")], "interrupt": False}, thread())
    assert done["trail"] == "before after", done


def users():
    """Two users by a header: what one has made is not there for the other, through any method."""
    alice, bob = ({"headers": {"Authorization": f"Bearer user{n}-token"}} for n in (1, 2))
    mine, config = remote("agent", **alice), thread()
    values = mine.invoke({"messages": []}, config)
    theirs = remote("agent", **bob)
    before = [s.config for s in mine.get_state_history(config)]
    assert before
    for call in (
        lambda: theirs.get_state(config),
        lambda: theirs.get_state(before[1] and mine.get_state(config).config),
        lambda: list(theirs.get_state_history(config)),
        lambda: theirs.update_state(config, {"messages": []}),
        lambda: theirs.invoke({"messages": []}, config),
        lambda: list(theirs.stream({"messages": []}, config, stream_mode=["values", "messages"], subgraphs=True)),
        lambda: theirs.invoke(Command(resume="x"), config),
    ):
        e = refused(NotFoundError, call)
        assert str(values) not in str(e), e
    local = StateGraph(Talk).add_node("far", remote("agent", name="far", **bob)).add_edge(START, "far").compile(checkpointer=InMemorySaver())
    refused(NotFoundError, lambda: local.invoke({"messages": []}, config))
    for n in (1, 2):
        refused(AuthenticationError, lambda: remote("agent").invoke({"messages": []}))
        refused(AuthenticationError, lambda: remote("agent").get_graph())
    assert [s.config for s in mine.get_state_history(config)] == before


if PART == "users":
    users()
else:
    for step in (drawn, invoked, streamed, looked, below, asked, failed, embedded, embedded_and_asked):
        step()
        print(f"ok {step.__name__}", flush=True)
    asyncio.run(waited())
print(f"ok {PART}", flush=True)
