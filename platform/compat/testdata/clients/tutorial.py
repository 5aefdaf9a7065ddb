"""The two custom-auth tutorials, driven by the official Python client. Usage: tutorial.py URL part1|part2|tokens|resume|crons."""

import asyncio
import sys
import time
import uuid

from langgraph_sdk import get_client
from langgraph_sdk.errors import AuthenticationError, ConflictError, NotFoundError, UnprocessableEntityError

URL, PART = sys.argv[1], sys.argv[2]


def client(token=None):
    headers = {"Authorization": f"Bearer {token}"} if token else None
    return get_client(url=URL, headers=headers)


async def refused(error, call):
    try:
        got = await call
    except error as e:
        return e
    raise AssertionError(f"want {error.__name__}, got {got}")


def question(text):
    return {"messages": [{"role": "user", "content": text}]}


async def part1():
    """Who is asking, and nothing more: without a token nothing goes, and users still reach each other's threads."""
    await refused(AuthenticationError, client().threads.create())
    await refused(AuthenticationError, client("nope").threads.create())
    alice, bob = client("user1-token"), client("user2-token")
    thread = await alice.threads.create()
    run = await alice.runs.create(thread["thread_id"], "agent", input=question("hello"))
    assert run["status"] == "pending", run
    state = await alice.runs.join(thread["thread_id"], run["run_id"])
    assert [m["type"] for m in state["messages"]] == ["human", "ai"], state
    assert (await alice.runs.get(thread["thread_id"], run["run_id"]))["status"] == "success"
    assert (await bob.threads.get(thread["thread_id"]))["thread_id"] == thread["thread_id"]


async def part2():
    """Private conversations: each user sees what is theirs."""
    alice, bob = client("user1-token"), client("user2-token")
    mine = await alice.threads.create(metadata={"owner": "user2"})
    assert mine["metadata"]["owner"] == "user1", mine
    tid = mine["thread_id"]
    state = await alice.runs.wait(tid, "agent", input=question("hello"))
    assert len(state["messages"]) == 2, state

    for call in (
        bob.threads.get(tid),
        bob.threads.update(tid, metadata={"a": 1}),
        bob.threads.delete(tid),
        bob.threads.get_state(tid),
        bob.threads.update_state(tid, {"messages": []}),
        bob.threads.get_history(tid),
        bob.runs.list(tid),
        bob.runs.create(tid, "agent", input=question("let me in")),
    ):
        await refused(NotFoundError, call)
    # wait reports its refusal as a plain HTTP error
    try:
        await bob.runs.wait(tid, "agent", input=question("let me in"))
        raise AssertionError("bob waited on a run in alice's thread")
    except Exception as e:
        assert "404" in str(e), repr(e)
    await refused(ConflictError, bob.threads.create(thread_id=tid))
    await refused(ConflictError, bob.threads.create(thread_id=tid, if_exists="do_nothing"))

    theirs = await bob.threads.create()
    await bob.runs.wait(theirs["thread_id"], "agent", input=question("hello"))
    for user, thread in ((alice, tid), (bob, theirs["thread_id"])):
        found = await user.threads.search()
        assert [t["thread_id"] for t in found] == [thread], found
        assert await user.threads.count() == 1
    history = await alice.threads.get_history(tid)
    assert history[-1]["next"] == ["__start__"], history[-1]
    unknown = str(uuid.uuid4())
    a = await refused(NotFoundError, bob.threads.get(tid))
    b = await refused(NotFoundError, bob.threads.get(unknown))
    assert str(a).replace(tid, "") == str(b).replace(unknown, ""), (str(a), str(b))


async def tokens():
    """Tokens arrive while the model is still speaking: the provider holds its stream until it is told that they did."""
    import httpx

    alice = client("user1-token")
    thread = await alice.threads.create()
    created, texts, release = {}, {}, sys.argv[3]
    async for part in alice.runs.stream(
        thread["thread_id"],
        "agent",
        input=question("what time is it in Berlin and Tokyo?"),
        stream_mode=["messages-tuple", "updates"],
        on_run_created=lambda meta: created.update(meta),
    ):
        assert part.event != "error", part.data
        if part.event != "messages":
            continue
        message, metadata = part.data
        if message["type"] != "AIMessageChunk":
            continue
        assert metadata["langgraph_node"] == "agent", metadata
        texts[message["id"]] = texts.get(message["id"], "") + message["content"]
        if release and message["content"]:
            async with httpx.AsyncClient() as http:
                (await http.post(release)).raise_for_status()
            release = ""
    assert list(texts.values()) == ["Let me see. ", "It is noon."], texts
    assert created["run_id"], created
    state = await alice.threads.get_state(thread["thread_id"])
    human, calls, berlin, tokyo, answer = state["values"]["messages"]
    assert [c["args"]["name"] for c in calls["tool_calls"]] == ["Europe/Berlin", "Asia/Tokyo"], calls
    assert [berlin["tool_call_id"], tokyo["tool_call_id"]] == ["call_berlin", "call_tokyo"]
    assert {m["id"]: m["content"] for m in (calls, answer)} == texts, (texts, state["values"])


async def resume():
    """A stream that breaks off is taken up again by Location, until the run has ended. Every value comes once and in order."""
    alice = client("user1-token")
    thread = await alice.threads.create()
    ids, last = [], None
    async for part in alice.runs.stream(
        thread["thread_id"],
        "agent",
        input={"messages": []},
        config={"configurable": {"delay_ms": int(sys.argv[3])}},
        stream_mode=["values", "updates"],
        stream_resumable=True,
    ):
        assert part.event != "error", part.data
        if part.id is not None:
            ids.append(int(part.id))
        if part.event == "values":
            last = part.data
        if part.event == "metadata":
            print(f"metadata {part.data}", flush=True)
        if part.event == "updates":
            print(f"update {','.join(part.data)}", flush=True)
    assert ids == sorted(set(ids)), ids
    state = await alice.threads.get_state(thread["thread_id"])
    assert last == state["values"], (last, state["values"])
    print(f"thread {thread['thread_id']}", flush=True)


async def crons():
    """Runs by the clock: planned, changed, found and removed by who made them, and by nobody else. One that stays is told of."""
    from datetime import datetime

    alice, bob = client("user1-token"), client("user2-token")
    made = await alice.crons.create(
        "agent",
        schedule="0 8 * * *",
        timezone="Europe/Berlin",
        input=question("good morning"),
        metadata={"kind": "report"},
        end_time=datetime(2100, 1, 1),
        stream_mode=["values", "updates"],
        on_run_completed="keep",
    )
    cid = made["cron_id"]
    assert made["thread_id"] is None and made["user_id"] == "user1" and made["enabled"], made
    assert made["end_time"].startswith("2100-01-01T00:00:00"), made
    assert made["payload"]["input"] == question("good morning"), made
    changed = await alice.crons.update(cid, enabled=False, end_time=None, metadata={"more": 1})
    assert changed["next_run_date"] is None and changed["end_time"] is None, changed
    assert changed["metadata"] == {"kind": "report", "more": 1, "owner": "user1"}, changed

    thread = await alice.threads.create()
    tid = thread["thread_id"]
    stays = await alice.crons.create_for_thread(
        tid, "agent", schedule="0 0 29 2 *", input=question("a leap day"), multitask_strategy="interrupt"
    )
    assert stays["thread_id"] == tid and stays["next_run_date"], stays
    found = await alice.crons.search(thread_id=tid, select=["cron_id"], sort_by="next_run_date", sort_order="asc")
    assert found == [{"cron_id": stays["cron_id"]}], found
    assert await alice.crons.count(metadata={"kind": "report"}) == 1
    assert len(await alice.crons.search(assistant_id="agent")) == 2

    assert await bob.crons.search() == [] and await bob.crons.count() == 0
    for call in (bob.crons.update(cid, enabled=True), bob.crons.delete(cid)):
        await refused(NotFoundError, call)
    await refused(NotFoundError, bob.crons.create_for_thread(tid, "agent", schedule="* * * * *"))
    await refused(UnprocessableEntityError, alice.crons.create("agent", schedule="now and then"))
    await alice.crons.delete(cid)
    await refused(NotFoundError, alice.crons.delete(cid))
    print(f"cron {stays['cron_id']} {tid}", flush=True)


started = time.monotonic()
asyncio.run({"part1": part1, "part2": part2, "tokens": tokens, "resume": resume, "crons": crons}[PART]())
print(f"ok {PART} {time.monotonic() - started:.2f}s")
