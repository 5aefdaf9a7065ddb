"""The official client runs graphs of the set react and says what it saw. Usage: react.py URL CASES, with CASES a list of
{graph, input, answers} in JSON. It prints a line of JSON for each."""

import asyncio
import json
import sys

from langgraph_sdk import get_client

URL, CASES = sys.argv[1], json.loads(sys.argv[2])


def text(content):
    return content if isinstance(content, str) else "".join(block.get("text", "") for block in content)


async def see(client, case):
    thread = (await client.threads.create())["thread_id"]
    seen = {"updates": [], "inside": 0, "custom": [], "tools": [], "errors": [], "asked": [], "spoken": ""}
    spoken = {}
    commands = [{"input": case["input"]}] + [{"command": {"resume": answer}} for answer in case.get("answers", [])]
    for command in commands:
        async for part in client.runs.stream(
            thread, case["graph"], stream_mode=["values", "updates", "messages-tuple", "custom", "tools"], stream_subgraphs=True, **command
        ):
            kind, _, inside = part.event.partition("|")
            if kind == "updates" and inside:
                seen["inside"] += 1
            elif kind == "updates":
                seen["updates"] += [node for node in part.data if not node.startswith("__")]
            elif kind == "custom":
                seen["custom"].append(part.data)
            elif kind == "tools":
                seen["tools"].append(f"{part.data['event']} {part.data['name']}")
            elif kind == "error":
                seen["errors"].append(part.data["message"])
            elif kind == "messages" and part.data[0]["type"] == "AIMessageChunk":
                chunk = part.data[0]
                spoken.setdefault(chunk["id"], []).append(text(chunk["content"]))
        state = await client.threads.get_state(thread)
        seen["asked"] += [question["value"] for task in state["tasks"] for question in task["interrupts"]]
    seen["tools"].sort()
    seen["spoken"] = sorted("".join(chunks) for chunks in spoken.values() if any(chunks))
    values = state["values"]
    if "messages" in values:
        values["messages"] = [f"{m['type']}: {text(m['content'])}" for m in values["messages"]]
    seen["values"], seen["next"] = values, state["next"]
    seen["status"] = (await client.threads.get(thread))["status"]
    return {"graph": case["graph"], **{key: value for key, value in seen.items() if value}}


async def main():
    client = get_client(url=URL)
    for line in await asyncio.gather(*(see(client, case) for case in CASES)):
        print(json.dumps(line, ensure_ascii=False))


asyncio.run(main())
