// Links of feedback keys and checkpoints of subgraphs, driven by the official JavaScript client. Usage: feedback.mjs URL.
import assert from "node:assert/strict";
import { Client } from "@langchain/langgraph-sdk";

const [url] = process.argv.slice(2);
const headers = { Authorization: "Bearer user1-token" };
const client = new Client({ apiUrl: url, apiKey: null, defaultHeaders: headers, callerOptions: { maxRetries: 0 } });

let { thread_id: thread } = await client.threads.create();
let links, last, run;
for await (const part of client.runs.stream(thread, "agent", {
  input: { messages: [{ role: "user", content: "hello" }] },
  streamMode: "updates",
  feedbackKeys: ["liked", "disliked"],
})) {
  if (part.event) last = part.event;
  if (part.event === "metadata") run = part.data.run_id;
  if (part.event === "feedback") links = part.data;
}
assert.equal(last, "feedback");
assert.deepEqual(Object.keys(links).sort(), ["disliked", "liked"]);
const given = await fetch(links.liked, { method: "POST", body: JSON.stringify({ score: 1, comment: "fine" }) });
assert.equal(given.status, 200);
assert.equal((await fetch(`${links.disliked}?score=0`)).status, 200);
const list = await (await fetch(`${url}/threads/${thread}/runs/${run}/feedback`, { headers })).json();
assert.deepEqual(list.map((f) => [f.key, f.score]), [["disliked", 0], ["liked", 1]]);
const joined = await client.runs.join(thread, run);
assert.deepEqual(Object.keys(joined.__feedback__).sort(), ["disliked", "liked"]);

// A run goes on from a checkpoint inside of a subgraph.
({ thread_id: thread } = await client.threads.create());
await client.runs.wait(thread, "press", { input: {} });
const half = (await client.threads.getHistory(thread, { limit: 100 })).find((s) => s.next[0] === "write");
const states = await client.threads.getHistory(thread, { limit: 100, checkpoint: { checkpoint_ns: half.tasks[0].checkpoint.checkpoint_ns } });
const inner = states.find((s) => s.next[0] === "print");
const names = [];
for await (const part of client.runs.stream(thread, "press", {
  input: null,
  checkpoint: inner.checkpoint,
  streamMode: "updates",
  streamSubgraphs: true,
})) {
  if (part.event?.startsWith("updates")) names.push(...Object.keys(part.data));
}
assert.deepEqual(names, ["print", "write"]);
console.log("ok feedback");
