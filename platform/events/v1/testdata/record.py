"""Records what LangGraph streams for the graphs of recorded_test.go: python record.py > langgraph.json (langgraph 1.2.22)."""

import json
import operator
import re
import time
from typing import Annotated, TypedDict

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, Interrupt, Send, interrupt

ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}|[0-9a-f]{32}")
ALL = ["values", "updates", "tasks", "checkpoints"]
scenarios = {}
seen = {}


class S(TypedDict):
    a: str
    b: str
    list: Annotated[list, operator.add]


def plain(v):
    if isinstance(v, Interrupt):
        return {"id": v.id, "value": v.value}
    if isinstance(v, dict):
        return {k: plain(x) for k, x in v.items() if k != "response_schema"}
    if isinstance(v, (list, tuple)):
        return [plain(x) for x in v]
    return {"failed": True} if isinstance(v, Exception) else v


def served(mode, data):
    """The form that servers give it (streaming.md 1.5.7)."""
    if mode == "checkpoints":
        for task in data["tasks"]:
            if "error" in task:
                task.update(error={"failed": True}, interrupts=[])
            if task.get("state"):
                task["checkpoint"] = task.pop("state")["configurable"]
    return data


def told(ids, ns, mode, data):
    event = "|".join((mode, *ns)) if ns else mode
    text = event + " " + json.dumps(served(mode, plain(data)), sort_keys=True, separators=(",", ":"))
    return ID.sub(lambda m: ids.setdefault(m.group(0), f"#{len(ids)}"), text)


def run(name, graph, value, config=None, subgraphs=False):
    lines = scenarios.setdefault(name, [])
    config = config or {}
    config = {**config, "configurable": {"thread_id": "T1", **config.get("configurable", {})}}
    try:
        for ns, mode, data in graph.stream(value, config, stream_mode=ALL, subgraphs=True):
            if subgraphs or not ns:
                lines.append(told(seen.setdefault(name, {}), ns, mode, data))
    except Exception as e:
        lines.append("failed")


def history(name, graph):
    for s in reversed(list(graph.get_state_history({"configurable": {"thread_id": "T1"}}))):
        scenarios[name].append("history " + json.dumps([s.metadata["source"], s.metadata["step"], list(s.next), s.values], sort_keys=True, separators=(",", ":")))


def says(what):
    return lambda s: {"list": [what]}


def asks(question):
    return lambda s: {"list": [interrupt(question)]}


def line(*, ask=None, **kw):
    g = StateGraph(S).add_node("a", says("a")).add_node("b", asks(ask) if ask else says("b")).add_node("c", says("c"))
    return g.add_edge(START, "a").add_edge("a", "b").add_edge("b", "c").compile(checkpointer=InMemorySaver(), **kw)


def at(graph, step):
    for s in graph.get_state_history({"configurable": {"thread_id": "T1"}}):
        if s.metadata["step"] == step:
            return {"configurable": {"checkpoint_id": s.config["configurable"]["checkpoint_id"]}}


X = {"a": "x"}

for name, kw in {"before": {"interrupt_before": ["b"]}, "after": {"interrupt_after": ["a"]}, "before all": {"interrupt_before": "*"}}.items():
    g = line(**kw)
    run(name, g, X)
    run(name, g, None)
    history(name, g)

g = line(ask="q")
run("ask", g, X)
run("ask", g, Command(resume="yes"))
history("ask", g)

g = line(ask="q")
run("fresh input", g, X)
run("fresh input", g, {"b": "new"})
history("fresh input", g)

g = line()
run("replay", g, X)
run("replay", g, None, at(g, 1))
history("replay", g)

g = line()
run("fork with input", g, X)
run("fork with input", g, {"b": "new"}, at(g, 1))
history("fork with input", g)

g = line(ask="q")
run("replay asks again", g, X)
run("replay asks again", g, Command(resume="yes"))
run("replay asks again", g, None, at(g, 1))
history("replay asks again", g)

g = line()
run("nothing to do", g, X)
run("nothing to do", g, None)

s3 = StateGraph(S).add_node("ask", asks("deep")).add_edge(START, "ask").compile()
s2 = StateGraph(S).add_node("inner", s3).add_edge(START, "inner").compile()


def nested():
    g = StateGraph(S).add_node("child", s2).add_node("after", says("after"))
    return g.add_edge(START, "child").add_edge("child", "after").compile(checkpointer=InMemorySaver())


g = nested()
run("nested", g, X, subgraphs=True)
run("nested", g, Command(resume="yes"), subgraphs=True)
history("nested", g)
g = nested()
run("nested, root only", g, X)
run("nested, root only", g, Command(resume="yes"))

sub = (
    StateGraph(S)
    .add_node("s1", says("s1"))
    .add_node("s2", lambda s: Command(update={"list": ["up"]}, goto="b", graph=Command.PARENT))
    .add_edge(START, "s1")
    .add_edge("s1", "s2")
    .compile()
)
g = StateGraph(S).add_node("sub", sub, destinations=("b",)).add_node("b", says("b")).add_edge(START, "sub")
g = g.compile(checkpointer=InMemorySaver())
run("command to parent", g, {"a": "x", "list": ["0"]}, subgraphs=True)
history("command to parent", g)

g = StateGraph(S).add_node("p", lambda s: Command(goto=[Send("w", {"a": "arg"})])).add_node("w", lambda s: {"list": [s["a"]]})
g = g.add_edge(START, "p").compile(checkpointer=InMemorySaver())
run("send", g, X)
history("send", g)

g = StateGraph(S).add_node("a", says("a")).add_edge(START, "a").add_edge("a", "a").compile(checkpointer=InMemorySaver())
run("recursion", g, X, {"recursion_limit": 2})
history("recursion", g)


def bad(s):
    time.sleep(0.2)
    raise ValueError("kaput")


g = StateGraph(S).add_node("bad", bad).add_node("ok", says("ok")).add_edge(START, "bad").add_edge(START, "ok")
g = g.compile(checkpointer=InMemorySaver())
run("failure", g, X)
run("failure", g, None)

for name, steps in {
    "update": [({"list": ["u"]}, None)],
    "update as a": [({"list": ["u"]}, "a")],
    "update as c": [({"list": ["u"]}, "c")],
    "update as end": [(None, "__end__")],
    "update of nothing": [(None, None)],
    "update as copy": [(None, "__copy__")],
}.items():
    g = line(interrupt_before=["b"])
    run(name, g, X)
    for values, node in steps:
        g.update_state({"configurable": {"thread_id": "T1"}}, values, as_node=node)
    run(name, g, None)
    history(name, g)

g = line()
g.update_state({"configurable": {"thread_id": "T1"}}, X, as_node="__input__")
scenarios["update as input"] = []
history("update as input", g)

print(json.dumps(scenarios, indent=1, ensure_ascii=True))
