// The conformance checklist, driven by the official JavaScript client. Usage: checklist.mjs URL BROKEN.
//
// BROKEN is the same server behind a proxy that cuts the first answer of each run in its middle. Each point prints one line: "ok 01",
// "none 01 why this client has no such thing", or "fail 01" with what went wrong.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "@langchain/langgraph-sdk";

const [url, broken] = process.argv.slice(2);
const to = (apiUrl) => new Client({ apiUrl, apiKey: null, callerOptions: { maxRetries: 0 } });
const c = to(url);
const graphs = [
  "agent", "agent_simple", "agent_with_stats", "agent_with_tools", "delay", "dynamic", "error", "nested",
  "plain_zod_graph", "simple_runtime", "state_schema_graph", "weather", "zod_registry_graph",
];
const planned = {};

class Missing extends Error {}

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

const said = (text = "hello") => ({ messages: [{ role: "human", content: text, id: randomUUID() }] });
const newThread = async (more) => (await c.threads.create(more)).thread_id;
const status = async (thread) => (await c.threads.get(thread)).status;
const ended = async (thread, run) => {
  await c.runs.join(thread, run);
  return (await c.runs.get(thread, run)).status;
};
const listed = async (thread) => (await c.runs.list(thread)).map((r) => r.run_id).sort();

const points = {
  async "01"() {
    const found = await c.assistants.search({ limit: 100 });
    assert.deepEqual(found.map((a) => a.graph_id).sort(), graphs);
    for (const a of found) {
      assert.equal(a.assistant_id[14], "5");
      assert.equal(a.metadata.created_by, "system");
    }
  },

  // What 17 looks at in the end: times of crons are whole minutes.
  async plan() {
    for (const [name, enabled] of [["thread", true], ["off", false]]) {
      planned[name] = await newThread();
      const made = await c.crons.createForThread(planned[name], "agent", { schedule: "* * * * *", input: said(), enabled });
      planned[`${name}Cron`] = made.cron_id;
    }
  },

  async "02"() {
    const id = (await c.assistants.create({ graphId: "agent", name: "one" })).assistant_id;
    await c.assistants.update(id, { name: "two" });
    await c.assistants.update(id, { name: "three" });
    assert.deepEqual((await c.assistants.getVersions(id)).map((v) => v.version), [3, 2, 1]);
    assert.equal((await c.assistants.setLatest(id, 1)).name, "one");
    assert.equal((await c.assistants.update(id, { name: "four" })).version, 4);
  },

  async "03"() {
    const made = await c.assistants.create({ graphId: "agent", metadata: { a: 1 } });
    await refused(409, c.assistants.create({ graphId: "agent", assistantId: made.assistant_id }));
    assert.deepEqual(await c.assistants.create({ graphId: "agent", assistantId: made.assistant_id, ifExists: "do_nothing", metadata: { a: 2 } }), made);
    const thread = await c.threads.create({ metadata: { a: 1 } });
    await refused(409, c.threads.create({ threadId: thread.thread_id, ifExists: "raise" }));
    assert.deepEqual(await c.threads.create({ threadId: thread.thread_id, ifExists: "do_nothing" }), thread);
  },

  async "04"() {
    const kind = randomUUID();
    const id = await newThread({ metadata: { kind, a: 1 } });
    assert.deepEqual((await c.threads.get(id)).metadata, { kind, a: 1 });
    assert.deepEqual((await c.threads.update(id, { metadata: { b: 2 } })).metadata, { kind, a: 1, b: 2 });
    assert.deepEqual((await c.threads.search({ metadata: { kind } })).map((t) => t.thread_id), [id]);
    assert.equal(await c.threads.count({ metadata: { kind } }), 1);
    await c.threads.delete(id);
    await refused(404, c.threads.get(id));
  },

  async "05"() {
    const id = await newThread();
    assert.deepEqual(await c.threads.getHistory(id), []);
    const values = await c.runs.wait(id, "agent", { input: said() });
    const history = await c.threads.getHistory(id);
    assert.equal(history.length, 5);
    assert.deepEqual(history.map((h) => h.created_at), history.map((h) => h.created_at).sort().reverse());
    assert.deepEqual(history[0].values.messages, values.messages);
    assert.deepEqual(history[4].next, ["__start__"]);
  },

  async "06"() {
    const id = await newThread();
    const run = await c.runs.create(id, "agent", { input: said(), afterSeconds: 3600 });
    await refused(409, c.threads.updateState(id, { values: said("in between") }));
    await c.runs.cancel(id, run.run_id);
    assert.equal(await ended(id, run.run_id), "interrupted");
    assert.equal(await status(id), "idle");
    await c.threads.updateState(id, { values: said("afterwards"), asNode: "agent" });
    assert.deepEqual((await c.threads.getState(id)).values.messages.map((m) => m.content), ["afterwards"]);
  },

  async "07"() {
    for (const thread of [await newThread(), null]) {
      assert.match(await refused(404, c.runs.wait(thread, "nowhere", { input: said() })), /No assistant found for/);
    }
  },

  async "08"() {
    const id = await newThread();
    await assert.rejects(c.runs.wait(id, "agent", { input: said(), config: { recursion_limit: 1 } }), /GraphRecursionError/);
    assert.equal(await status(id), "error");
    await c.runs.wait(id, "agent", { input: said() });
    assert.equal(await status(id), "idle");
  },

  async "09"() {
    const id = await newThread();
    await c.runs.wait(id, "agent", { input: said(), interruptBefore: ["tool"] });
    assert.equal(await status(id), "interrupted");
    assert.deepEqual((await c.threads.getState(id)).next, ["tool"]);
    const values = await c.runs.wait(id, "agent", { input: null });
    assert.deepEqual(values.messages.map((m) => m.type), ["human", "ai", "tool", "ai"]);
    assert.equal(await status(id), "idle");
  },

  async "10"() {
    let created;
    const values = await c.runs.wait(null, "agent", { input: said(), onRunCreated: (r) => (created = r) });
    assert.equal(values.messages.length, 4);
    if (created?.thread_id) await refused(404, c.threads.get(created.thread_id));
    await c.runs.wait(null, "agent", { input: said(), onCompletion: "keep" });
    const [kept] = await c.threads.search({ limit: 1, sortBy: "created_at", sortOrder: "desc" });
    assert.equal((await c.threads.getState(kept.thread_id)).values.messages.length, 4);
  },

  async "11"() {
    let id = await newThread();
    let first = await c.runs.create(id, "delay", { input: { messages: [], delay: 400 } });
    await refused(409, c.runs.create(id, "delay", { input: { delay: 1 }, multitaskStrategy: "reject" }));
    let second = await c.runs.create(id, "delay", { input: { delay: 50 }, multitaskStrategy: "enqueue" });
    for (;;) {
      const runs = Object.fromEntries((await c.runs.list(id)).map((r) => [r.run_id, r.status]));
      if (runs[second.run_id] === "success") {
        assert.equal(runs[first.run_id], "success");
        break;
      }
      if (["pending", "running"].includes(runs[first.run_id])) assert.equal(runs[second.run_id], "pending");
    }
    const texts = (await c.threads.getState(id)).values.messages.map((m) => m.content);
    assert.deepEqual(texts, ["finished after 400ms", "finished after 50ms"]);

    id = await newThread();
    first = await c.runs.create(id, "delay", { input: { delay: 60000 } });
    second = await c.runs.create(id, "delay", { input: { delay: 1 }, multitaskStrategy: "interrupt" });
    assert.equal(await ended(id, second.run_id), "success");
    assert.equal((await c.runs.get(id, first.run_id)).status, "interrupted");
    first = await c.runs.create(id, "delay", { input: { delay: 60000 } });
    second = await c.runs.create(id, "delay", { input: { delay: 1 }, multitaskStrategy: "rollback" });
    assert.equal(await ended(id, second.run_id), "success");
    await refused(404, c.runs.get(id, first.run_id));
  },

  async "12"() {
    const id = await newThread();
    const seen = [];
    const onRunCreated = (r) => seen.push(r);
    for await (const _ of c.runs.stream(id, "agent", { input: said(), onRunCreated }));
    await c.runs.wait(id, "agent", { input: said(), onRunCreated });
    const run = await c.runs.create(id, "agent", { input: said(), onRunCreated });
    assert.deepEqual(seen.map((s) => s.thread_id), [id, id, id]);
    assert.equal(seen[2].run_id, run.run_id);
    await ended(id, run.run_id);
    assert.deepEqual(await listed(id), seen.map((s) => s.run_id).sort());
  },

  async "13"() {
    const id = await newThread();
    const run = await c.runs.create(id, "agent", { input: said() });
    await ended(id, run.run_id);
    const got = await c.runs.list(id, { select: ["run_id"] });
    if (!c.runs.list.toString().includes("select")) throw new Missing("runs.list has no select");
    assert.deepEqual(got, [{ run_id: run.run_id }]);
  },

  async "14"() {
    const id = await newThread({ ttl: 60 });
    if (!c.threads.get.toString().includes("include")) throw new Missing("threads.get has no include");
    assert.equal((await c.threads.get(id, { include: ["ttl"] })).ttl.ttl_minutes, 60);
  },

  async "15"() {
    const id = await newThread();
    await c.runs.wait(id, "agent", { input: said() });
    const copied = (await c.threads.copy(id)).thread_id;
    const [was, now] = [await c.threads.getState(id), await c.threads.getState(copied)];
    assert.deepEqual(now.values, was.values);
    assert.deepEqual([was.checkpoint.thread_id, now.checkpoint.thread_id], [id, copied]);
    await c.threads.updateState(copied, { values: said("only here") });
    assert.deepEqual((await c.threads.getState(id)).values, was.values);
    assert.equal((await c.threads.getState(copied)).values.messages.length, 5);
  },

  async "16"() {
    const label = randomUUID();
    await c.store.putItem([label, "deep"], "k", { a: 1 });
    assert.deepEqual((await c.store.getItem([label, "deep"], "k")).value, { a: 1 });
    assert.equal(await c.store.getItem([label, "deep"], "none"), null);
    assert.deepEqual(await c.store.listNamespaces({ prefix: [label] }), { namespaces: [[label, "deep"]] });
    assert.deepEqual((await c.store.searchItems([label])).items.map((i) => i.key), ["k"]);
    assert.deepEqual((await c.store.searchItems([label.slice(0, -1)])).items, []);
    const dotted = await fetch(`${url}/store/items`, { method: "PUT", body: JSON.stringify({ namespace: ["a.b"], key: "k", value: {} }) });
    assert.equal(dotted.status, 422);
    await c.store.deleteItem([label, "deep"], "k");
    assert.equal(await c.store.getItem([label, "deep"], "k"), null);
  },

  async "19"() {
    const cut = to(broken);
    const input = { ...said(), sleep: { steps: 8, ms: 20 } };
    let id = await newThread();
    let created;
    // This client does not take a wait up again by itself; the run and its result are there all the same.
    await assert.rejects(cut.runs.wait(id, "agent", { input, onRunCreated: (r) => (created = r) }));
    const [run] = await c.runs.list(id);
    if (created) assert.equal(created.run_id, run.run_id);
    assert.equal((await c.runs.join(id, run.run_id)).messages.length, 4);

    id = await newThread();
    const [ids, steps] = [[], []];
    let last;
    for await (const part of cut.runs.stream(id, "agent", { input, streamMode: ["custom", "values"], streamResumable: true })) {
      assert.notEqual(part.event, "error", JSON.stringify(part.data));
      if (part.id !== undefined) ids.push(Number(part.id));
      if (part.event === "custom") steps.push(part.data.step);
      if (part.event === "values") last = part.data;
    }
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
    assert.deepEqual(steps, [0, 1, 2, 3, 4, 5, 6, 7]);
    assert.deepEqual(last, (await c.threads.getState(id)).values);
    assert.equal((await listed(id)).length, 1);
    assert.equal(await (await fetch(`${broken}/cuts`)).json(), 2);
  },

  async "17"() {
    const made = await c.crons.create("agent", { schedule: "0 0 29 2 *", input: said(), metadata: { n: 1 } });
    if (c.crons.update) assert.equal((await c.crons.update(made.cron_id, { enabled: false })).next_run_date, null);
    assert.ok((await c.crons.search({ assistantId: "agent" })).some((f) => f.cron_id === made.cron_id));
    await c.crons.delete(made.cron_id);
    await refused(404, c.crons.delete(made.cron_id));
    let runs = [];
    for (let i = 0; i < 140 && runs.length === 0; i++) {
      runs = await c.runs.list(planned.thread);
      if (runs.length === 0) await pause(500);
    }
    assert.deepEqual([...new Set(runs.map((r) => r.metadata.cron_id))], [planned.threadCron]);
    assert.equal(await ended(planned.thread, runs[0].run_id), "success");
    assert.deepEqual(await c.runs.list(planned.off), []);
    await c.crons.delete(planned.threadCron);
    await c.crons.delete(planned.offCron);
  },
};

const order = Object.keys(points).filter((p) => p !== "17").sort((a, b) => (a === "plan" ? "011" : a).localeCompare(b === "plan" ? "011" : b));
for (const number of [...order, "17"]) {
  try {
    await points[number]();
    console.log(`ok ${number}`);
  } catch (error) {
    const what = error instanceof Missing ? `none ${number} ${error.message}` : `fail ${number} ${JSON.stringify(String(error.stack))}`;
    console.log(what);
  }
}
