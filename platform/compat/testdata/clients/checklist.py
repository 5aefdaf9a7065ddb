"""The conformance checklist, driven by the official Python client. Usage: checklist.py URL BROKEN.

BROKEN is the same server behind a proxy that cuts the first answer of each run in its middle. Each point prints one line:
"ok 01", "none 01 why it is not there", or "fail 01" with what went wrong.
"""

import asyncio
import sys
import traceback
import uuid

import httpx
from langgraph_sdk import get_client
from langgraph_sdk.errors import ConflictError, NotFoundError, UnprocessableEntityError

URL, BROKEN = sys.argv[1], sys.argv[2]
c = get_client(url=URL)
GRAPHS = {
    "agent", "agent_simple", "agent_with_stats", "agent_with_tools", "delay", "dynamic", "error", "nested",
    "plain_zod_graph", "simple_runtime", "state_schema_graph", "weather", "zod_registry_graph",
}  # fmt: skip
planned = {}


async def refused(error, call):
    try:
        got = await call
    except error as e:
        return str(e)
    raise AssertionError(f"want {error.__name__}, got {got}")


def said(text="hello"):
    return {"messages": [{"role": "human", "content": text, "id": str(uuid.uuid4())}]}


async def new_thread(**more):
    return (await c.threads.create(**more))["thread_id"]


async def ended(thread, run):
    await c.runs.join(thread, run)
    return (await c.runs.get(thread, run))["status"]


async def status(thread):
    return (await c.threads.get(thread))["status"]


async def p01():
    found = await c.assistants.search(limit=100)
    assert {a["graph_id"] for a in found} == GRAPHS and len(found) == len(GRAPHS), found
    for a in found:
        assert uuid.UUID(a["assistant_id"]).version == 5, a
        assert a["metadata"]["created_by"] == "system", a


async def p02():
    a = (await c.assistants.create("agent", name="one"))["assistant_id"]
    await c.assistants.update(a, name="two")
    await c.assistants.update(a, name="three")
    assert [v["version"] for v in await c.assistants.get_versions(a)] == [3, 2, 1]
    assert (await c.assistants.set_latest(a, 1))["name"] == "one"
    assert (await c.assistants.get(a))["version"] == 1
    assert (await c.assistants.update(a, name="four"))["version"] == 4


async def p03():
    made = await c.assistants.create("agent", metadata={"a": 1})
    await refused(ConflictError, c.assistants.create("agent", assistant_id=made["assistant_id"]))
    again = await c.assistants.create("agent", assistant_id=made["assistant_id"], if_exists="do_nothing", metadata={"a": 2})
    assert again == made, (again, made)
    made = await c.threads.create(metadata={"a": 1})
    await refused(ConflictError, c.threads.create(thread_id=made["thread_id"], if_exists="raise"))
    again = await c.threads.create(thread_id=made["thread_id"], if_exists="do_nothing")
    assert again == made, (again, made)


async def p04():
    kind = str(uuid.uuid4())
    t = await new_thread(metadata={"kind": kind, "a": 1})
    assert (await c.threads.get(t))["metadata"] == {"kind": kind, "a": 1}
    changed = await c.threads.update(t, metadata={"b": 2})
    assert changed["metadata"] == {"kind": kind, "a": 1, "b": 2}, changed
    assert [f["thread_id"] for f in await c.threads.search(metadata={"kind": kind})] == [t]
    assert await c.threads.count(metadata={"kind": kind}) == 1
    await c.threads.delete(t)
    await refused(NotFoundError, c.threads.get(t))
    assert await c.threads.count(metadata={"kind": kind}) == 0


async def p05():
    t = await new_thread()
    assert await c.threads.get_history(t) == []
    values = await c.runs.wait(t, "agent", input=said())
    assert len(values["messages"]) == 4, values
    history = await c.threads.get_history(t)
    assert len(history) == 5, history
    stamps = [h["created_at"] for h in history]
    assert stamps == sorted(stamps, reverse=True), stamps
    assert history[0]["values"]["messages"] == values["messages"] and history[0]["next"] == [], history[0]
    assert history[-1]["next"] == ["__start__"], history[-1]


async def p06():
    t = await new_thread()
    run = await c.runs.create(t, "agent", input=said(), after_seconds=3600)
    await refused(ConflictError, c.threads.update_state(t, said("in between")))
    await c.runs.cancel(t, run["run_id"])
    assert await ended(t, run["run_id"]) == "interrupted"
    assert await status(t) == "idle"
    await c.threads.update_state(t, said("afterwards"), as_node="agent")
    state = await c.threads.get_state(t)
    assert [m["content"] for m in state["values"]["messages"]] == ["afterwards"], state


async def p07():
    t = await new_thread()
    for call in (c.runs.wait(t, "nowhere", input=said()), c.runs.wait(None, "nowhere", input=said())):
        try:
            await call
        except httpx.HTTPStatusError as e:
            assert e.response.status_code == 404, e
            assert "No assistant found for" in str(e) + "".join(getattr(e, "__notes__", [])), (e, e.__notes__)
        else:
            raise AssertionError("a run of no graph")


async def p08():
    t = await new_thread()
    said_so = await refused(Exception, c.runs.wait(t, "agent", input=said(), config={"recursion_limit": 1}))
    assert "GraphRecursionError" in said_so, said_so
    assert await status(t) == "error"
    await c.runs.wait(t, "agent", input=said())
    assert await status(t) == "idle"


async def p09():
    t = await new_thread()
    await c.runs.wait(t, "agent", input=said(), interrupt_before=["tool"])
    assert await status(t) == "interrupted"
    assert (await c.threads.get_state(t))["next"] == ["tool"]
    values = await c.runs.wait(t, "agent", input=None)
    assert [m["type"] for m in values["messages"]] == ["human", "ai", "tool", "ai"], values
    assert await status(t) == "idle"


async def p10():
    created = {}
    values = await c.runs.wait(None, "agent", input=said(), on_run_created=created.update)
    assert len(values["messages"]) == 4, values
    if created.get("thread_id"):
        await refused(NotFoundError, c.threads.get(created["thread_id"]))
    kept = {}
    await c.runs.wait(None, "agent", input=said(), on_completion="keep", on_run_created=kept.update)
    # A Content-Location of a stateless run may leave the thread out; the run's metadata tell it by a search.
    threads = await c.threads.search(limit=1, sort_by="created_at", sort_order="desc")
    assert len(threads[0]["values"]["messages"]) == 4, threads
    assert len(await c.threads.get_history(threads[0]["thread_id"])) == 5


async def p11():
    slow = {"messages": [], "delay": 400}
    t = await new_thread()
    first = await c.runs.create(t, "delay", input=slow)
    await refused(ConflictError, c.runs.create(t, "delay", input=slow, multitask_strategy="reject"))
    second = await c.runs.create(t, "delay", input={"delay": 50}, multitask_strategy="enqueue")
    while True:
        runs = {r["run_id"]: r["status"] for r in await c.runs.list(t)}
        if runs[first["run_id"]] in ("pending", "running"):
            assert runs[second["run_id"]] == "pending", runs
        if runs[second["run_id"]] == "success":
            break
    assert runs[first["run_id"]] == "success", runs
    texts = [m["content"] for m in (await c.threads.get_state(t))["values"]["messages"]]
    assert texts == ["finished after 400ms", "finished after 50ms"], texts

    t = await new_thread()
    first = await c.runs.create(t, "delay", input={"delay": 60000})
    second = await c.runs.create(t, "delay", input={"delay": 1}, multitask_strategy="interrupt")
    assert await ended(t, second["run_id"]) == "success"
    assert (await c.runs.get(t, first["run_id"]))["status"] == "interrupted"

    first = await c.runs.create(t, "delay", input={"delay": 60000})
    second = await c.runs.create(t, "delay", input={"delay": 1}, multitask_strategy="rollback")
    assert await ended(t, second["run_id"]) == "success"
    await refused(NotFoundError, c.runs.get(t, first["run_id"]))


async def p12():
    t = await new_thread()
    seen = []
    async for _ in c.runs.stream(t, "agent", input=said(), on_run_created=lambda m: seen.append(dict(m))):
        pass
    await c.runs.wait(t, "agent", input=said(), on_run_created=lambda m: seen.append(dict(m)))
    run = await c.runs.create(t, "agent", input=said(), on_run_created=lambda m: seen.append(dict(m)))
    assert len(seen) == 3 and {s["thread_id"] for s in seen} == {t}, seen
    assert seen[2]["run_id"] == run["run_id"], seen
    await ended(t, run["run_id"])
    assert {r["run_id"] for r in await c.runs.list(t)} == {s["run_id"] for s in seen}


async def p13():
    t = await new_thread()
    run = await c.runs.create(t, "agent", input=said())
    await ended(t, run["run_id"])
    got = await c.runs.list(t, select=["run_id"])
    assert got == [{"run_id": run["run_id"]}], got


async def p14():
    t = await new_thread(ttl=60)
    assert (await c.threads.get(t, include=["ttl"]))["ttl"]["ttl_minutes"] == 60


async def p15():
    t = await new_thread()
    await c.runs.wait(t, "agent", input=said())
    copied = (await c.threads.copy(t))["thread_id"]
    assert copied != t
    was, now = await c.threads.get_state(t), await c.threads.get_state(copied)
    assert was["values"] == now["values"]
    assert (was["checkpoint"]["thread_id"], now["checkpoint"]["thread_id"]) == (t, copied), now
    await c.threads.update_state(copied, said("only here"))
    assert (await c.threads.get_state(t))["values"] == was["values"]
    assert len((await c.threads.get_state(copied))["values"]["messages"]) == 5


async def p16():
    label = str(uuid.uuid4())
    await c.store.put_item([label, "deep"], "k", {"a": 1})
    assert (await c.store.get_item([label, "deep"], "k"))["value"] == {"a": 1}
    assert await c.store.get_item([label, "deep"], "none") is None
    assert (await c.store.list_namespaces(prefix=[label])) == {"namespaces": [[label, "deep"]]}
    assert [i["key"] for i in (await c.store.search_items([label]))["items"]] == ["k"]
    assert (await c.store.search_items([label[:-1]]))["items"] == []
    async with httpx.AsyncClient() as http:
        r = await http.put(URL + "/store/items", json={"namespace": ["a.b"], "key": "k", "value": {}})
        assert r.status_code == 422 and "a.b" in r.json()["detail"], r.text
    await c.store.delete_item([label, "deep"], "k")
    assert await c.store.get_item([label, "deep"], "k") is None


async def plan():
    """What 17 looks at in the end: times of crons are whole minutes."""
    planned["thread"], planned["off"] = await new_thread(), await new_thread()
    for name, enabled in (("thread", True), ("off", False)):
        made = await c.crons.create_for_thread(planned[name], "agent", schedule="* * * * *", input=said(), enabled=enabled)
        planned[name + "_cron"] = made["cron_id"]


async def p17():
    made = await c.crons.create("agent", schedule="0 0 29 2 *", input=said(), metadata={"n": 1})
    changed = await c.crons.update(made["cron_id"], enabled=False)
    assert changed["enabled"] is False and changed["next_run_date"] is None, changed
    assert [f["cron_id"] for f in await c.crons.search(metadata={"n": 1})] == [made["cron_id"]]
    await c.crons.delete(made["cron_id"])
    await refused(NotFoundError, c.crons.delete(made["cron_id"]))
    for _ in range(140):
        runs = await c.runs.list(planned["thread"])
        if runs:
            break
        await asyncio.sleep(0.5)
    assert runs and {r["metadata"]["cron_id"] for r in runs} == {planned["thread_cron"]}, runs
    assert await ended(planned["thread"], runs[0]["run_id"]) == "success"
    assert await c.runs.list(planned["off"]) == []
    for name in ("thread_cron", "off_cron"):
        await c.crons.delete(planned[name])


async def p19():
    broken = get_client(url=BROKEN)
    t = await new_thread()
    ask = said() | {"sleep": {"steps": 8, "ms": 20}}
    values, created = await broken.runs.wait(t, "agent", input=ask), {}
    assert len(values["messages"]) == 4, values
    ids, steps, last, starts = [], [], None, 0
    t = await new_thread()
    async for part in broken.runs.stream(
        t, "agent", input=ask, stream_mode=["custom", "values"], stream_resumable=True, on_run_created=created.update
    ):
        assert part.event != "error", part
        ids += [int(part.id)] if part.id else []
        steps += [part.data["step"]] if part.event == "custom" else []
        starts += part.event == "metadata"
        last = part.data if part.event == "values" else last
    assert ids == sorted(set(ids)), ids
    assert steps == list(range(8)), steps
    assert last == (await c.threads.get_state(t))["values"], last
    assert len(await c.runs.list(t)) == 1
    async with httpx.AsyncClient() as http:
        cuts = (await http.get(BROKEN + "/cuts")).json()
    assert cuts == 2, cuts


POINTS = [p01, plan, p02, p03, p04, p05, p06, p07, p08, p09, p10, p11, p12, p13, p14, p15, p16, p19, p17]


async def main():
    for point in POINTS:
        number = point.__name__[1:]
        try:
            await point()
            print(f"ok {number}", flush=True)
        except Exception:
            print(f"fail {number} {traceback.format_exc()!r}", flush=True)


asyncio.run(main())
