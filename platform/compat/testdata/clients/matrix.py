"""Every method of the official Python client, with every argument that it has. Usage: matrix.py URL.

What the server does not know of a request it ignores, and says so: nothing of the client's own may be among it.
"""

import asyncio
import inspect
import sys
import uuid
from datetime import datetime, timedelta, timezone

from langgraph_sdk import get_client

URL = sys.argv[1]
c = get_client(url=URL)
GROUPS = ("assistants", "threads", "runs", "crons", "store")
# By method: arguments that stay away, and why.
NOT_GIVEN = {
    "*": {"headers", "params"},
    "threads.get_state": {"checkpoint_id"},  # beside checkpoint
    "threads.update_state": {"checkpoint_id"},
    "runs.create": {"langsmith_tracing", "context", "command", "checkpoint", "checkpoint_during", "webhook"},  # refused by name; beside config, input, checkpoint_id, durability
    "runs.stream": {"langsmith_tracing", "context", "command", "checkpoint", "checkpoint_during", "webhook"},
    "runs.wait": {"langsmith_tracing", "context", "command", "checkpoint", "checkpoint_during", "webhook"},
    "runs.cancel_many": {"status"},  # beside run_ids
    "crons.create": {"context", "checkpoint_during"},
    "crons.create_for_thread": {"context", "checkpoint_during"},
    "crons.update": {"context"},
    "assistants.create": {"context"},
    "assistants.update": {"context"},
}
NOT_CALLED = {"threads.stream"}  # another protocol
# No part of the API of this server: /info would have to report it.
UNKNOWN = {"strict_resume"}
called, ignored = set(), set()


async def note(response):
    names = response.headers.get("locutory-ignored-fields", "")
    ignored.update(f"{response.request.method} {response.request.url.path}: {name}" for name in names.split(", ") if name and name not in UNKNOWN)


def record(group, name, method):
    known = {p for p in inspect.signature(method).parameters}

    def call(*args, **more):
        called.add(f"{group}.{name}")
        given = set(list(inspect.signature(method).parameters)[: len(args)]) | set(more)
        missing = known - given - NOT_GIVEN["*"] - NOT_GIVEN.get(f"{group}.{name}", set())
        if missing and not more.pop("few", False):
            raise AssertionError(f"{group}.{name}: {missing} are not given")
        more.pop("few", None)
        return method(*args, **more)

    return call


def methods():
    for group in GROUPS:
        for name, method in inspect.getmembers(getattr(c, group), callable):
            if not name.startswith("_"):
                yield group, name, method


async def drained(stream):
    return [part async for part in stream]


CONFIG = {"tags": ["matrix"], "recursion_limit": 30, "configurable": {"model_name": "x"}}
INPUT = {"messages": [{"role": "user", "content": "hello"}]}


async def assistants():
    id = str(uuid.uuid4())
    made = await c.assistants.create(
        "agent", config=CONFIG, metadata={"of": "matrix"}, assistant_id=id, if_exists="do_nothing", name="Matrix", description="all"
    )
    assert made["assistant_id"] == id and made["description"] == "all", made
    assert (await c.assistants.get(id)) == made
    for xray in (True, 1, False):
        assert (await c.assistants.get_graph(id, xray=xray))["nodes"]
    assert (await c.assistants.get_schemas(id))["graph_id"] == "agent"
    assert await c.assistants.get_subgraphs("nested", "gp_two", True) == await c.assistants.get_subgraphs("nested", "gp_two", recurse=True)
    later = await c.assistants.update(id, graph_id="agent", config=CONFIG, metadata={"b": 1}, name="Matrix 2", description="more")
    assert later["version"] == 2 and later["metadata"] == {"of": "matrix", "b": 1}, later
    versions = await c.assistants.get_versions(id, {"of": "matrix"}, 5, 0)
    assert [v["version"] for v in versions] == [2, 1], versions
    assert (await c.assistants.set_latest(id, 1))["name"] == "Matrix"
    asked = dict(metadata={"of": "matrix"}, graph_id="agent", name="matr")
    page = await c.assistants.search(
        **asked, limit=1, offset=0, sort_by="name", sort_order="asc", select=["assistant_id", "version"], response_format="object"
    )
    assert page["assistants"] == [{"assistant_id": id, "version": 1}], page
    assert await c.assistants.count(**asked) == 1
    await c.assistants.delete(id, delete_threads=True)


async def threads():
    id = str(uuid.uuid4())
    steps = [{"updates": [{"values": INPUT, "as_node": "__start__"}]}]
    made = await c.threads.create(
        metadata={"of": "matrix"}, thread_id=id, if_exists="raise", supersteps=steps, graph_id="agent", ttl={"ttl": 60, "strategy": "delete"}
    )
    assert made["thread_id"] == id, made
    assert (await c.threads.get(id, include=["ttl"]))["ttl"]["strategy"] == "delete"
    assert await c.threads.update(id, metadata={"b": 1}, ttl=120, return_minimal=True) is None
    values = await c.runs.wait(id, "agent", input=INPUT, few=True)
    state = await c.threads.get_state(id, few=True)
    assert state["values"] == values, (state, values)
    at = {k: state["checkpoint"][k] for k in ("checkpoint_ns", "checkpoint_id")}
    for state in (
        await c.threads.get_state(id, subgraphs=True, select=["values.messages", "next"], few=True),
        await c.threads.get_state(id, at, subgraphs=True, select=["values.messages", "next"]),
        await c.threads.get_state(id, checkpoint_id=at["checkpoint_id"], select=["values.messages", "next"], few=True),
        (await c.threads.get_history(id, limit=1, select=["values.messages", "next"], few=True))[0],
    ):
        assert state == {"values": {"messages": values["messages"]}, "next": []}, state
    await c.threads.update_state(id, {"messages": []}, as_node="agent", checkpoint=at)
    states = await c.threads.get_history(
        id, limit=3, before=at, metadata={"source": "loop"}, checkpoint={"checkpoint_ns": ""}, select=["checkpoint", "metadata"]
    )
    assert states and all(set(s) == {"checkpoint", "metadata"} for s in states), states
    copy = (await c.threads.copy(id))["thread_id"]
    asked = dict(metadata={"of": "matrix"}, values={"messages": []}, status="idle")
    found = await c.threads.search(
        **asked, ids=[id, copy], limit=2, offset=0, sort_by="state_updated_at", sort_order="asc", select=["thread_id", "status"],
        extract={"last": "values.messages[-1].content"},
    )
    assert found and set(found[0]) == {"thread_id", "status", "extracted"}, found
    assert await c.threads.count(**asked) >= 1
    stream = await c.threads.join_stream(id, last_event_id="-", stream_mode=["run_modes", "lifecycle"])
    assert (await anext(stream)).event == "metadata"
    await stream.aclose()
    assert (await c.threads.prune([copy], strategy="keep_latest"))["pruned_count"] == 1
    await c.threads.delete(id)


RUN = dict(
    input=INPUT, metadata={"of": "matrix"}, config=CONFIG, checkpoint_id=None, interrupt_before=[], interrupt_after=[],
    multitask_strategy="enqueue", if_not_exists="create", on_completion="keep", after_seconds=0, on_run_created=lambda _: None,
    durability="sync", strict_resume=False,
)  # fmt: skip
STREAM = dict(stream_mode=["values", "updates"], stream_subgraphs=True, stream_resumable=True)


async def runs():
    t = (await c.threads.create(few=True))["thread_id"]
    made = await c.runs.create(t, "agent", **RUN, **STREAM)
    await c.runs.join(t, made["run_id"])
    for version in ("v1", "v2"):
        parts = await drained(c.runs.stream(t, "agent", **RUN, **STREAM, feedback_keys=["good"], on_disconnect="cancel", version=version))
        kinds = [part["type"] if version == "v2" else part.event for part in parts]
        assert kinds[0] == "metadata" and "values" in kinds, kinds
    assert (await c.runs.wait(t, "agent", **RUN, on_disconnect="cancel", raise_error=True))["messages"]
    replayed = await drained(c.runs.join_stream(t, made["run_id"], cancel_on_disconnect=True, stream_mode="values", last_event_id="-1"))
    assert "values" in [part.event for part in replayed], replayed
    first = await c.runs.get(t, made["run_id"])
    assert first["status"] == "success" and first.get("cancel_reason") is None, first
    held = await c.runs.create(t, "agent", input=INPUT, after_seconds=3600, few=True)
    await c.runs.cancel(t, held["run_id"], wait=True, action="interrupt")
    [listed] = await c.runs.list(t, limit=1, offset=0, status="interrupted", select=["run_id", "cancel_reason"])
    assert listed["run_id"] == held["run_id"] and listed["cancel_reason"], listed
    assert (await c.runs.get(t, held["run_id"]))["cancel_reason"] == listed["cancel_reason"]
    held = await c.runs.create(t, "agent", input=INPUT, after_seconds=3600, few=True)
    await c.runs.cancel_many(thread_id=t, run_ids=[held["run_id"]], action="rollback")
    await c.runs.delete(t, made["run_id"])
    batch = await c.runs.create_batch([{"assistant_id": "agent", "input": INPUT, "metadata": {"of": "matrix"}}])
    assert len(batch) == 1, batch


async def crons():
    t = (await c.threads.create(few=True))["thread_id"]
    more = dict(
        schedule="0 0 1 1 *", input=INPUT, metadata={"of": "matrix"}, config=CONFIG, interrupt_before=["tool"], interrupt_after=["tool"],
        webhook="https://example.com/hook", end_time=datetime.now(timezone.utc) + timedelta(days=900), enabled=False,
        timezone="Europe/Berlin", **STREAM, durability="sync",
    )  # fmt: skip
    own = await c.crons.create("agent", **more, on_run_completed="keep", multitask_strategy="enqueue")
    of_thread = await c.crons.create_for_thread(t, "agent", **more, multitask_strategy="enqueue")
    changed = await c.crons.update(own["cron_id"], **more, on_run_completed="delete")
    assert changed["on_run_completed"] == "delete" and changed["enabled"] is False, changed
    asked = dict(assistant_id="agent", thread_id=t, metadata={"of": "matrix"})
    found = await c.crons.search(
        **asked, enabled=False, limit=1, offset=0, sort_by="next_run_date", sort_order="asc", select=["cron_id", "now"]
    )
    assert found == [{"cron_id": of_thread["cron_id"]}], found
    assert await c.crons.count(**asked) == 1
    for cron in (own, of_thread):
        await c.crons.delete(cron["cron_id"])


async def store():
    await c.store.put_item(["matrix", "a"], key="k", value={"n": 1}, index=False, ttl=60)
    assert (await c.store.get_item(["matrix", "a"], key="k", refresh_ttl=True))["value"] == {"n": 1}
    found = await c.store.search_items(["matrix"], filter={"n": 1}, limit=2, offset=0, query="n", refresh_ttl=False)
    assert [item["key"] for item in found["items"]] == ["k"], found
    listed = await c.store.list_namespaces(prefix=["matrix"], suffix=["a"], max_depth=2, limit=10, offset=0)
    assert listed == {"namespaces": [["matrix", "a"]]}, listed
    await c.store.delete_item(["matrix", "a"], key="k")


async def main():
    c.http.client.event_hooks["response"].append(note)
    all = set()
    for group, name, method in list(methods()):
        all.add(f"{group}.{name}")
        setattr(getattr(c, group), name, record(group, name, method))
    for part in (assistants, threads, runs, crons, store):
        await part()
    assert all - called == NOT_CALLED, f"not called: {all - called - NOT_CALLED}"
    assert not ignored, f"ignored: {sorted(ignored)}"
    print("matrix: good")


asyncio.run(main())
