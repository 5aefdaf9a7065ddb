// Every method of the official client in JavaScript, with nearly all that it can be told. Usage: matrix.mjs URL.
//
// What the server does not know of a request it ignores, and says so: nothing of the client's own may be among it.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { Client } from "@langchain/langgraph-sdk";

const [url] = process.argv.slice(2);
const ignored = new Set();
const noting = async (input, init) => {
	const response = await fetch(input, init);
	const path = new URL(input).pathname;
	for (const name of (response.headers.get("Locutory-Ignored-Fields") ?? "").split(", ")) if (name && !path.endsWith("/runs/batch")) ignored.add(`${path}: ${name}`);
	return response; // createBatch sends its arguments as they are beside what it makes of them
};
const c = new Client({ apiUrl: url, callerOptions: { fetch: noting } });

const called = new Set();
const methods = new Map();
for (const group of ["assistants", "threads", "runs", "crons", "store", "~ui"]) {
	for (const name of Object.getOwnPropertyNames(Object.getPrototypeOf(c[group]))) {
		if (name === "constructor") continue;
		const method = c[group][name].bind(c[group]);
		methods.set(`${group}.${name}`, method);
		c[group][name] = (...args) => (called.add(`${group}.${name}`), method(...args));
	}
}
const has = (name) => methods.has(name); // the versions differ

const config = { tags: ["matrix"], recursion_limit: 30, configurable: { model_name: "x" } };
const input = { messages: [{ role: "user", content: "hello" }] };
const of = { of: "matrix" };

async function drained(stream) {
	const parts = [];
	for await (const part of stream) parts.push(part);
	return parts;
}

async function assistants() {
	const assistantId = randomUUID();
	const made = await c.assistants.create({ graphId: "agent", config, metadata: of, assistantId, ifExists: "do_nothing", name: "Matrix", description: "all" });
	assert.deepEqual(await c.assistants.get(assistantId), made);
	for (const xray of [true, 1, false]) assert.ok((await c.assistants.getGraph(assistantId, { xray })).nodes.length);
	assert.equal((await c.assistants.getSchemas(assistantId)).graph_id, "agent");
	assert.ok(Object.keys(await c.assistants.getSubgraphs("nested", { recurse: true })).length);
	assert.ok(Object.keys(await c.assistants.getSubgraphs("nested", { namespace: "gp_two" })).length);
	const later = await c.assistants.update(assistantId, { graphId: "agent", config, metadata: { b: 1 }, name: "Matrix 2", description: "more" });
	assert.deepEqual([later.version, later.metadata], [2, { ...of, b: 1 }]);
	const versions = await c.assistants.getVersions(assistantId, { metadata: of, limit: 5, offset: 0 });
	assert.deepEqual(versions.map((v) => v.version), [2, 1]);
	assert.equal((await c.assistants.setLatest(assistantId, 1)).name, "Matrix");
	const asked = { graphId: "agent", metadata: of, name: "matr" };
	const page = await c.assistants.search({ ...asked, limit: 1, offset: 0, sortBy: "name", sortOrder: "asc", select: ["assistant_id", "version"], includePagination: true });
	assert.deepEqual(page.assistants, [{ assistant_id: assistantId, version: 1 }]);
	assert.equal(await c.assistants.count(asked), 1);
	await c.assistants.delete(assistantId, { deleteThreads: true });
}

async function threads() {
	const threadId = randomUUID();
	const supersteps = [{ updates: [{ values: input, asNode: "__start__" }] }];
	await c.threads.create({ metadata: of, threadId, ifExists: "raise", graphId: "agent", supersteps, ttl: { ttl: 60, strategy: "delete" } });
	await c.threads.get(threadId, { include: ["ttl"] });
	await c.threads.update(threadId, { metadata: { b: 1 }, ttl: 120, returnMinimal: true });
	const values = await c.runs.wait(threadId, "agent", { input });
	const { checkpoint: at } = await c.threads.getState(threadId, undefined, { subgraphs: true });
	assert.deepEqual((await c.threads.getState(threadId, at, { subgraphs: true })).values, values);
	assert.deepEqual((await c.threads.getState(threadId, at.checkpoint_id)).values, values);
	if (has("threads.stream")) {
		const select = ["values.messages", "next"];
		const want = { values: { messages: values.messages }, next: [] };
		for (const where of [undefined, at, at.checkpoint_id]) assert.deepEqual(await c.threads.getState(threadId, where, { select }), want);
		assert.deepEqual(await c.threads.getHistory(threadId, { limit: 1, select }), [want]);
	}
	await c.threads.updateState(threadId, { values: { messages: [] }, asNode: "agent", checkpoint: at });
	const states = await c.threads.getHistory(threadId, { limit: 3, before: { configurable: at }, metadata: { source: "loop" }, checkpoint: { checkpoint_ns: "" } });
	assert.ok(states.length && states.every((s) => s.metadata.source === "loop"), JSON.stringify(states));
	const copy = (await c.threads.copy(threadId)).thread_id;
	const asked = { metadata: of, values: { messages: [] }, status: "idle" };
	const found = await c.threads.search({
		...asked, ids: [threadId, copy], limit: 2, offset: 0, sortBy: "state_updated_at", sortOrder: "asc", select: ["thread_id", "status"],
		extract: { last: "values.messages[-1].content" },
	});
	assert.ok(found.length && "thread_id" in found[0] && !("metadata" in found[0]), JSON.stringify(found));
	assert.ok((await c.threads.count(asked)) >= 1);
	const leave = new AbortController();
	for await (const event of c.threads.joinStream(threadId, { lastEventId: "-", streamMode: ["run_modes", "lifecycle"], signal: leave.signal })) {
		assert.equal(event.event, "metadata");
		break;
	}
	leave.abort();
	// Nothing serves it, of any server.
	await assert.rejects(c.threads.patchState(threadId, { a: 1 }), /HTTP 405/);
	if (has("threads.prune")) assert.equal((await c.threads.prune([copy], { strategy: "keep_latest" })).pruned_count, 1);
	await c.threads.delete(threadId);
}

async function runs() {
	const { thread_id: t } = await c.threads.create();
	const run = {
		input, metadata: of, config, interruptBefore: [], interruptAfter: [], multitaskStrategy: "enqueue", ifNotExists: "create",
		afterSeconds: 0, durability: "sync", onRunCreated: () => {},
	};
	const stream = { streamMode: ["values", "updates"], streamSubgraphs: true, streamResumable: true, feedbackKeys: ["good"] };
	const made = await c.runs.create(t, "agent", { ...run, ...stream });
	await c.runs.join(t, made.run_id);
	const parts = await drained(c.runs.stream(t, "agent", { ...run, ...stream, onDisconnect: "cancel" }));
	assert.ok(parts[0].event === "metadata" && parts.some((p) => p.event === "values"), JSON.stringify(parts));
	assert.ok((await c.runs.wait(t, "agent", { ...run, onDisconnect: "cancel", raiseError: true })).messages);
	const again = await drained(c.runs.joinStream(t, made.run_id, { cancelOnDisconnect: true, streamMode: "values", lastEventId: "-1" }));
	assert.ok(again.some((p) => p.event === "values"));
	const free = await c.runs.create(null, "agent", { input, streamResumable: true });
	assert.ok((await drained(c.runs.joinStream(null, free.run_id, { lastEventId: "-1" }))).some((p) => p.event === "values"));
	assert.equal((await c.runs.get(t, made.run_id)).status, "success");
	const later = async () => (await c.runs.create(t, "agent", { input, afterSeconds: 3600 })).run_id;
	const held = await later();
	await c.runs.cancel(t, held, true, "interrupt");
	const [listed] = await c.runs.list(t, { limit: 1, offset: 0, status: "interrupted", select: ["run_id", "cancel_reason"] });
	assert.ok(listed.run_id === held && listed.cancel_reason, JSON.stringify(listed));
	if (has("runs.cancelMany")) await c.runs.cancelMany({ threadId: t, runIds: [await later()], action: "rollback" });
	await c.runs.delete(t, made.run_id);
	assert.equal((await c.runs.createBatch([{ assistantId: "agent", input, metadata: of }])).length, 1);
}

async function crons() {
	const { thread_id: t } = await c.threads.create();
	const more = {
		schedule: "0 0 1 1 *", input, metadata: of, config, interruptBefore: ["tool"], interruptAfter: ["tool"], webhook: "https://example.com/hook",
		endTime: new Date(Date.now() + 900 * 86400e3).toISOString(), enabled: false, timezone: "Europe/Berlin", streamMode: ["values"], streamSubgraphs: true,
		streamResumable: true, durability: "sync",
	};
	const own = await c.crons.create("agent", { ...more, onRunCompleted: "keep" });
	const ofThread = await c.crons.createForThread(t, "agent", { ...more, multitaskStrategy: "enqueue" });
	const changed = await c.crons.update(own.cron_id, { ...more, onRunCompleted: "delete" });
	assert.deepEqual([changed.on_run_completed, changed.enabled], ["delete", false]);
	const asked = { assistantId: "agent", threadId: t };
	const found = await c.crons.search({ ...asked, limit: 1, offset: 0, sortBy: "next_run_date", sortOrder: "asc", select: ["cron_id"] });
	assert.deepEqual(found, [{ cron_id: ofThread.cron_id }]);
	assert.equal(await c.crons.count(asked), 1);
	for (const cron of [own, ofThread]) await c.crons.delete(cron.cron_id);
}

async function store() {
	await c.store.putItem(["matrix", "a"], "k", { n: 1 }, { index: false, ttl: 60 });
	assert.deepEqual((await c.store.getItem(["matrix", "a"], "k", { refreshTtl: true })).value, { n: 1 });
	const found = await c.store.searchItems(["matrix"], { filter: { n: 1 }, limit: 2, offset: 0, query: "n", refreshTtl: false });
	assert.deepEqual(found.items.map((item) => item.key), ["k"]);
	const listed = await c.store.listNamespaces({ prefix: ["matrix"], suffix: ["a"], maxDepth: 2, limit: 10, offset: 0 });
	assert.deepEqual(listed.namespaces, [["matrix", "a"]]);
	await c.store.deleteItem(["matrix", "a"], "k");
	assert.equal(await c.store.getItem(["matrix", "a"], "k"), null);
}

for (const part of [assistants, threads, runs, crons, store]) await part();
await assert.rejects(c["~ui"].getComponent("agent", "card")); // graphs in Go have no components
assert.deepEqual([...methods.keys()].filter((name) => !called.has(name) && name !== "threads.stream"), []);
assert.deepEqual([...ignored], []);
console.log("matrix: good");
