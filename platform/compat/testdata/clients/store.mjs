// The long-term store, driven by the official JavaScript client. Usage: store.mjs URL.
import assert from "node:assert/strict";
import { Client } from "@langchain/langgraph-sdk";

const [url] = process.argv.slice(2);

const client = (token) =>
  new Client({
    apiUrl: url,
    apiKey: null,
    defaultHeaders: token ? { Authorization: `Bearer ${token}` } : {},
    callerOptions: { maxRetries: 0 },
  }).store;

async function refused(status, call) {
  let got;
  try {
    got = await call;
  } catch (error) {
    assert.match(String(error.message), new RegExp(`HTTP ${status}`));
    return String(error.message);
  }
  assert.fail(`want ${status}, got ${JSON.stringify(got)}`);
}

const keys = ({ items }) => items.map((i) => i.key);
const alice = client("user1-token");
const bob = client("user2-token");
const space = ["notes", "of alice"];

await alice.putItem(space, "tea", { kind: "green", cups: 3, tags: { hot: true } });
await alice.putItem(space, "milk", { kind: "oat", cups: 1 }, { index: false, ttl: 5 });
const item = await alice.getItem(space, "tea", { refreshTtl: true });
assert.deepEqual([item.namespace, item.key, item.value.cups], [space, "tea", 3]);
assert.equal(item.createdAt, item.updatedAt);
assert.equal(await alice.getItem(space, "none"), null);

assert.deepEqual(keys(await alice.searchItems(space, { filter: { cups: { $gte: 2 } }, query: "what to drink" })), ["tea"]);
assert.deepEqual(keys(await alice.searchItems(["notes"], { filter: { tags: { hot: true } } })), ["tea"]);
assert.deepEqual(keys(await alice.searchItems([], { limit: 1, offset: 1 })), ["tea"]);
assert.deepEqual((await alice.listNamespaces()).namespaces, [space]);
assert.deepEqual((await alice.listNamespaces({ prefix: ["*"], suffix: ["of alice"], maxDepth: 1 })).namespaces, [["notes"]]);

assert.equal(await bob.getItem(space, "tea"), null);
assert.deepEqual(keys(await bob.searchItems([])), []);
assert.deepEqual((await bob.listNamespaces()).namespaces, []);
await bob.deleteItem(space, "tea");
await refused(403, bob.putItem(space, "tea", { kind: "cold" }));
assert.deepEqual(await alice.getItem(space, "tea"), item);

const said = await refused(422, alice.putItem(["notes", ""], "k", {}));
assert.match(said, /Namespace labels cannot be empty or contain periods\. Received: notes\./);
await refused(422, alice.searchItems([], { filter: { cups: { $near: 1 } } }));
await refused(401, client().getItem(space, "tea"));

await alice.deleteItem(space, "tea");
await alice.deleteItem(space, "tea");
assert.equal(await alice.getItem(space, "tea"), null);
console.log("ok store");
