"""Links of feedback keys and checkpoints of subgraphs, driven by the official Python client. Usage: feedback.py URL."""

import asyncio
import json
import sys
import urllib.request

from langgraph_sdk import get_client

URL = sys.argv[1]


def post(link, body):
    request = urllib.request.Request(link, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as response:
        return json.load(response)


async def main():
    client = get_client(url=URL, headers={"Authorization": "Bearer user1-token"})
    thread = (await client.threads.create())["thread_id"]
    said = {"messages": [{"role": "user", "content": "hello"}]}
    links, last, run = {}, None, None
    async for part in client.runs.stream(thread, "agent", input=said, stream_mode="updates", feedback_keys=["liked", "disliked"]):
        last = part.event
        if part.event == "metadata":
            run = part.data["run_id"]
        if part.event == "feedback":
            links = part.data
    assert last == "feedback" and sorted(links) == ["disliked", "liked"], (last, links)
    assert post(links["liked"], {"score": 1, "comment": "fine", "correction": {}, "metadata": {}}) == {}
    with urllib.request.urlopen(links["disliked"] + "?score=0&value=0&comment=no%20joke") as response:
        assert response.status == 200
    request = urllib.request.Request(f"{URL}/threads/{thread}/runs/{run}/feedback", headers={"Authorization": "Bearer user1-token"})
    with urllib.request.urlopen(request) as response:
        given = json.load(response)
    assert [(f["key"], f["score"], f["comment"]) for f in given] == [("disliked", 0, "no joke"), ("liked", 1, "fine")], given
    joined = await client.runs.join(thread, run)
    assert sorted(joined["__feedback__"]) == ["disliked", "liked"], joined

    # A run goes on from a checkpoint inside of a subgraph.
    thread = (await client.threads.create())["thread_id"]
    await client.runs.wait(thread, "press", input={}, config={"max_concurrency": 1})
    half = next(s for s in await client.threads.get_history(thread, limit=100) if s["next"] == ["write"])
    inside = half["tasks"][0]["checkpoint"]
    states = await client.threads.get_history(thread, limit=100, checkpoint={"checkpoint_ns": inside["checkpoint_ns"]})
    inner = next(s for s in states if s["next"] == ["print"])
    names = []
    async for part in client.runs.stream(
        thread, "press", input=None, checkpoint=inner["checkpoint"], stream_mode="updates", stream_subgraphs=True
    ):
        if part.event.startswith("updates"):
            names += list(part.data)
    assert names == ["print", "write"], names
    print("ok feedback")


asyncio.run(main())
