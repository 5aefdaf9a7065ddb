"""The long-term store, driven by the official Python client. Usage: store.py URL."""

import asyncio
import sys

from langgraph_sdk import get_client
from langgraph_sdk.errors import AuthenticationError, PermissionDeniedError, UnprocessableEntityError

URL = sys.argv[1]


def client(token=None):
    return get_client(url=URL, headers={"Authorization": f"Bearer {token}"} if token else None)


async def refused(error, call):
    try:
        got = await call
    except error as e:
        return str(e)
    raise AssertionError(f"want {error.__name__}, got {got}")


async def main():
    alice, bob = client("user1-token").store, client("user2-token").store
    space = ["notes", "of alice"]
    assert await alice.put_item(space, "tea", {"kind": "green", "cups": 3, "tags": {"hot": True}}) is None
    await alice.put_item(space, "milk", {"kind": "oat", "cups": 1}, index=False, ttl=5)
    item = await alice.get_item(space, "tea", refresh_ttl=True)
    assert item["namespace"] == space and item["key"] == "tea" and item["value"]["cups"] == 3, item
    assert item["created_at"] == item["updated_at"], item
    assert await alice.get_item(space, "none") is None

    found = await alice.search_items(space, filter={"cups": {"$gte": 2}}, query="what to drink")
    assert [i["key"] for i in found["items"]] == ["tea"] and found["items"][0]["score"] is None, found
    assert [i["key"] for i in (await alice.search_items(["notes"], filter={"tags": {"hot": True}}))["items"]] == ["tea"]
    assert [i["key"] for i in (await alice.search_items([], limit=1, offset=1))["items"]] == ["tea"]
    assert (await alice.list_namespaces())["namespaces"] == [space]
    assert (await alice.list_namespaces(prefix=["*"], suffix=["of alice"], max_depth=1))["namespaces"] == [["notes"]]

    assert await bob.get_item(space, "tea") is None
    assert (await bob.search_items([]))["items"] == [] and (await bob.list_namespaces())["namespaces"] == []
    await bob.delete_item(space, "tea")
    await refused(PermissionDeniedError, bob.put_item(space, "tea", {"kind": "cold"}))
    assert await alice.get_item(space, "tea") == item

    said = await refused(UnprocessableEntityError, alice.put_item(["notes", ""], "k", {}))
    assert "Namespace labels cannot be empty or contain periods. Received: notes." in said, said
    await refused(UnprocessableEntityError, alice.search_items([], filter={"cups": {"$near": 1}}))
    await refused(AuthenticationError, client().store.get_item(space, "tea"))

    await alice.delete_item(space, "tea")
    await alice.delete_item(space, "tea")
    assert await alice.get_item(space, "tea") is None
    print("ok store")


asyncio.run(main())
