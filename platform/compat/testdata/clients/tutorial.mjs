// The two custom-auth tutorials, driven by the official JavaScript client. Usage: tutorial.mjs URL part1|part2|tokens|resume|crons.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Client } from "@langchain/langgraph-sdk";

const [url, part, ...rest] = process.argv.slice(2);

const client = (token) =>
  new Client({
    apiUrl: url,
    apiKey: null,
    defaultHeaders: token ? { Authorization: `Bearer ${token}` } : {},
    callerOptions: { maxRetries: 0 },
  });

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

const question = (text) => ({ messages: [{ role: "user", content: text }] });

const parts = {
  async part1() {
    await refused(401, client().threads.create());
    await refused(401, client("nope").threads.create());
    const alice = client("user1-token");
    const bob = client("user2-token");
    const thread = await alice.threads.create();
    const run = await alice.runs.create(thread.thread_id, "agent", { input: question("hello") });
    assert.equal(run.status, "pending");
    const state = await alice.runs.join(thread.thread_id, run.run_id);
    assert.deepEqual(state.messages.map((m) => m.type), ["human", "ai"]);
    assert.equal((await alice.runs.get(thread.thread_id, run.run_id)).status, "success");
    assert.equal((await bob.threads.get(thread.thread_id)).thread_id, thread.thread_id);
  },

  async part2() {
    const alice = client("user1-token");
    const bob = client("user2-token");
    const mine = await alice.threads.create({ metadata: { owner: "user2" } });
    assert.equal(mine.metadata.owner, "user1");
    const id = mine.thread_id;
    let created;
    const state = await alice.runs.wait(id, "agent", { input: question("hello"), onRunCreated: (r) => (created = r) });
    assert.equal(state.messages.length, 2);
    assert.equal(created.thread_id, id);

    await refused(404, bob.threads.update(id, { metadata: { a: 1 } }));
    await refused(404, bob.threads.delete(id));
    await refused(404, bob.threads.getState(id));
    await refused(404, bob.threads.updateState(id, { values: { messages: [] } }));
    await refused(404, bob.threads.getHistory(id));
    await refused(404, bob.runs.list(id));
    await refused(404, bob.runs.create(id, "agent", { input: question("let me in") }));
    await refused(404, bob.runs.wait(id, "agent", { input: question("let me in") }));
    await refused(409, bob.threads.create({ threadId: id }));
    await refused(409, bob.threads.create({ threadId: id, ifExists: "do_nothing" }));

    const theirs = await bob.threads.create();
    await bob.runs.wait(theirs.thread_id, "agent", { input: question("hello") });
    for (const [user, thread] of [[alice, id], [bob, theirs.thread_id]]) {
      const found = await user.threads.search();
      assert.deepEqual(found.map((t) => t.thread_id), [thread]);
    }
    const unknown = randomUUID();
    const hidden = await refused(404, bob.threads.get(id));
    const missing = await refused(404, bob.threads.get(unknown));
    assert.equal(hidden.replaceAll(id, ""), missing.replaceAll(unknown, ""));
  },

  // Tokens arrive while the model is still speaking: the provider holds its stream until it is told that they did.
  async tokens() {
    const alice = client("user1-token");
    let release = rest[0];
    const thread = await alice.threads.create();
    const texts = {};
    let created;
    for await (const event of alice.runs.stream(thread.thread_id, "agent", {
      input: question("what time is it in Berlin and Tokyo?"),
      streamMode: ["messages-tuple", "updates"],
      onRunCreated: (r) => (created = r),
    })) {
      assert.notEqual(event.event, "error", JSON.stringify(event.data));
      if (event.event !== "messages") continue;
      const [message, metadata] = event.data;
      if (message.type !== "AIMessageChunk") continue;
      assert.equal(metadata.langgraph_node, "agent");
      texts[message.id] = (texts[message.id] ?? "") + message.content;
      if (release && message.content) {
        assert.equal((await fetch(release, { method: "POST" })).status, 200);
        release = "";
      }
    }
    assert.deepEqual(Object.values(texts), ["Let me see. ", "It is noon."]);
    assert.ok(created.run_id);
    const state = await alice.threads.getState(thread.thread_id);
    const [, calls, berlin, tokyo, answer] = state.values.messages;
    assert.deepEqual(calls.tool_calls.map((c) => c.args.name), ["Europe/Berlin", "Asia/Tokyo"]);
    assert.deepEqual([berlin.tool_call_id, tokyo.tool_call_id], ["call_berlin", "call_tokyo"]);
    assert.deepEqual({ [calls.id]: calls.content, [answer.id]: answer.content }, texts);
  },

  // A stream that breaks off is taken up again by Location, until the run has ended. Every value comes once and in order.
  async resume() {
    const alice = client("user1-token");
    const thread = await alice.threads.create();
    const ids = [];
    let last;
    for await (const event of alice.runs.stream(thread.thread_id, "agent", {
      input: { messages: [] },
      config: { configurable: { delay_ms: Number(rest[0]) } },
      streamMode: ["values", "updates"],
      streamResumable: true,
    })) {
      assert.notEqual(event.event, "error", JSON.stringify(event.data));
      if (event.id !== undefined) ids.push(Number(event.id));
      if (event.event === "values") last = event.data;
      if (event.event === "metadata") console.log(`metadata ${JSON.stringify(event.data)}`);
      if (event.event === "updates") console.log(`update ${Object.keys(event.data)}`);
    }
    assert.deepEqual(ids, [...new Set(ids)].sort((a, b) => a - b));
    const state = await alice.threads.getState(thread.thread_id);
    assert.deepEqual(last, state.values);
    console.log(`thread ${thread.thread_id}`);
  },
  // Runs by the clock: planned, changed, found and removed by who made them, and by nobody else. One that stays is told of.
  async crons() {
    const alice = client("user1-token");
    const bob = client("user2-token");
    const made = await alice.crons.create("agent", {
      schedule: "0 8 * * *",
      timezone: "Europe/Berlin",
      input: question("good morning"),
      metadata: { kind: "report" },
      onRunCompleted: "keep",
    });
    const id = made.cron_id;
    assert.equal(made.thread_id, null);
    assert.equal(made.user_id, "user1");
    assert.deepEqual(made.payload.input, question("good morning"));
    const thread = (await alice.threads.create()).thread_id;
    const stays = await alice.crons.createForThread(thread, "agent", { schedule: "0 0 29 2 *", input: question("a leap day"), multitaskStrategy: "interrupt" });
    assert.equal(stays.thread_id, thread);
    assert.ok(stays.next_run_date);
    assert.deepEqual((await alice.crons.search({ threadId: thread })).map((c) => c.cron_id), [stays.cron_id]);
    assert.equal((await alice.crons.search({ assistantId: "agent" })).length, 2);
    assert.deepEqual(await bob.crons.search(), []);
    await refused(404, bob.crons.delete(id));
    await refused(404, bob.crons.createForThread(thread, "agent", { schedule: "* * * * *" }));
    await refused(422, alice.crons.create("agent", { schedule: "now and then" }));
    if (alice.crons.update) {
      const changed = await alice.crons.update(id, { enabled: false, metadata: { more: 1 } });
      assert.equal(changed.next_run_date, null);
      assert.deepEqual(changed.metadata, { kind: "report", more: 1, owner: "user1" });
      assert.equal(await alice.crons.count({ threadId: thread }), 1);
      await refused(404, bob.crons.update(id, { enabled: true }));
    }
    await alice.crons.delete(id);
    await refused(404, alice.crons.delete(id));
    console.log(`cron ${stays.cron_id} ${thread}`);
  },
};

await parts[part]();
console.log(`ok ${part}`);
