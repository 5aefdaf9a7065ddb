// Two users speak to the desk by the official A2A client: by the one of today in both versions of the protocol, and by the last one that
// knew only version 0.3. Usage: agents.mjs URL.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";

import { Role, taskStateToJSON } from "@a2a-js/sdk";
import * as now from "@a2a-js/sdk/client";
import * as before from "a2a-before-1/client";

const [url] = process.argv.slice(2);
const card = "/.well-known/agent-card.json?assistant_id=desk";
const nobodys = "00000000-0000-4000-8000-000000000000";

const as = (token) => (input, init = {}) => {
	const headers = new Headers(init.headers);
	if (token) headers.set("Authorization", `Bearer ${token}`);
	return fetch(input, { ...init, headers });
};

// A dialect is how a client writes a message and what it makes of the answers: [what it is, its state or text].
const today = (version) => ({
	name: `today's in ${version}`,
	library: now,
	options: { legacyCompat: { enabled: true } },
	fit: (card) => ({ ...card, supportedInterfaces: card.supportedInterfaces.filter((i) => i.protocolVersion === version) }),
	written: (parts, where) => ({
		message: {
			messageId: randomUUID(),
			role: Role.ROLE_USER,
			contextId: "",
			taskId: "",
			extensions: [],
			referenceTaskIds: [],
			parts: parts.map((part) => {
				if (part.file) return { content: { $case: "raw", value: Buffer.from(part.file.bytes, "base64") }, filename: part.file.name, mediaType: part.file.mimeType };
				return { content: part.text ? { $case: "text", value: part.text } : { $case: "data", value: part.data }, filename: "", mediaType: "" };
			}),
			...where,
		},
	}),
	state: (task) => taskStateToJSON(task.status.state).slice("TASK_STATE_".length).toLowerCase().replace("_", "-"),
	text: (message) => message.parts.map((part) => part.content.value).join(""),
	file: (part) => ({ bytes: part.content.value.toString("base64"), mimeType: part.mediaType, name: part.filename }),
	kind: (event) => event.payload.$case.replace(/[A-Z]/, (c) => `-${c.toLowerCase()}`),
	event: (event) => event.payload.value,
	asked: (settings) => ({ configuration: { acceptedOutputModes: [], returnImmediately: settings.blocking === false, historyLength: settings.historyLength } }),
});
const old = {
	name: "the old one",
	library: before,
	fit: (card) => card,
	written: (parts, where) => ({
		message: { kind: "message", messageId: randomUUID(), role: "user", parts: parts.map((part) => ({ kind: Object.keys(part)[0], ...part })), ...where },
	}),
	state: (task) => task.status.state,
	text: (message) => message.parts.map((part) => part.text).join(""),
	file: (part) => part.file,
	kind: (event) => event.kind,
	event: (event) => event,
	asked: (settings) => ({ configuration: { ...settings } }),
};

class Peer {
	constructor(dialect, token) {
		Object.assign(this, { dialect, fetchImpl: as(token) });
	}

	async meet() {
		const { library, options, fit } = this.dialect;
		const resolver = new library.DefaultAgentCardResolver({ fetchImpl: this.fetchImpl, ...options });
		this.card = fit(await resolver.resolve(url, card));
		const transports = [new library.JsonRpcTransportFactory({ fetchImpl: this.fetchImpl, ...options })];
		const config = { transports, cardResolver: resolver };
		this.client = await new library.ClientFactory(config).createFromAgentCard(this.card);
		this.polling = await new library.ClientFactory({ ...config, clientConfig: { polling: true } }).createFromAgentCard(this.card);
		return this;
	}

	send(text, where = {}, settings) {
		return this.sent([{ text }], where, settings);
	}

	sent(parts, where = {}, settings = {}) {
		const client = settings.blocking === false ? this.polling : this.client;
		return client.sendMessage({ ...this.dialect.written(parts, where), ...this.dialect.asked(settings) });
	}

	stream(parts, where = {}) {
		return this.told(this.client.sendMessageStream(this.dialect.written(parts, where)));
	}

	async told(events) {
		const told = [];
		for await (const event of events) told.push({ kind: this.dialect.kind(event), ...this.dialect.event(event) });
		return told;
	}

	get(id, more = {}) {
		return this.client.getTask({ id, ...more });
	}

	states(events) {
		return events.filter((e) => e.kind !== "artifact-update").map((e) => this.dialect.state(e));
	}
}

async function refused(promise) {
	return promise.then(
		(got) => assert.fail(`want an error, got ${JSON.stringify(got)}`),
		(e) => e,
	);
}

async function talk(dialect) {
	const { state, text } = dialect;
	const [alice, bob] = await Promise.all([new Peer(dialect, "user1-token").meet(), new Peer(dialect, "user2-token").meet()]);
	assert.equal(alice.card.name, "desk");
	assert.equal(alice.card.description, "Answers at the desk");
	assert.ok(alice.card.capabilities.streaming && !alice.card.capabilities.pushNotifications);
	assert.deepEqual(Object.keys(alice.card.securitySchemes).sort(), ["apiKey", "bearer"]);
	const extended = await alice.client.getAgentCard();
	assert.equal(extended.name, "desk");

	const done = await alice.send("hello");
	assert.equal(state(done), "completed", JSON.stringify(done));
	assert.deepEqual(done.artifacts.map(text), ["You said: hello"]);
	assert.deepEqual(done.history.map(text), ["hello", "You said: hello"]);
	assert.deepEqual(await alice.get(done.id), done);
	assert.deepEqual((await alice.get(done.id, { historyLength: 1 })).history.map(text), ["You said: hello"]);
	const again = await alice.send("and again", { contextId: done.contextId });
	assert.equal(again.contextId, done.contextId);
	assert.notEqual(again.id, done.id);
	assert.equal(again.history.length, 4);

	const file = { bytes: "aGVsbG8=", mimeType: "text/plain", name: "a.txt" };
	const kept = (await alice.sent([{ text: "hello" }, { file }])).history[0].parts;
	assert.deepEqual(dialect.file(kept[1]), file);

	const events = await alice.stream([{ text: "stream" }]);
	assert.deepEqual(alice.states(events), ["submitted", "working", "completed"]);
	const pieces = events.filter((e) => e.kind === "artifact-update");
	assert.equal(pieces.map((p) => text(p.artifact)).join(""), "Good day");
	assert.deepEqual(pieces.map((p) => p.append), pieces.map((_, i) => i > 0));
	assert.ok(pieces.at(-1).lastChunk);

	const asked = await alice.send("ask");
	assert.equal(state(asked), "input-required");
	assert.equal(text(asked.status.message), "Which city?");
	const answered = await alice.send("Rome", { taskId: asked.id, contextId: asked.contextId });
	assert.equal(answered.id, asked.id);
	assert.equal(text(answered.artifacts[0]), "You said: Rome");
	const form = await alice.send("form");
	const filled = await alice.stream([{ data: { to: "Oslo" } }], { taskId: form.id });
	assert.deepEqual(alice.states(filled), ["submitted", "working", "completed"]);
	assert.equal(filled[0].id, form.id);

	const failed = await alice.send("fail");
	assert.equal(state(failed), "failed");
	assert.equal(text(failed.status.message), "the desk is closed");

	const begun = await alice.send("wait", {}, { blocking: false });
	assert.ok(["submitted", "working"].includes(state(begun)), state(begun));
	const following = alice.client.resubscribeTask({ id: begun.id });
	await following.next();
	while (state(await alice.get(begun.id)) !== "working") await new Promise((next) => setTimeout(next, 10));
	assert.equal(state(await alice.client.cancelTask({ id: begun.id })), "canceled");
	assert.equal(alice.states(await alice.told(following)).at(-1), "canceled");
	const late = await refused(alice.client.cancelTask({ id: begun.id }));
	assert.match(late.constructor.name, /TaskNotCancelable/);
	assert.match((await refused(alice.send("more", { taskId: done.id }))).constructor.name, /UnsupportedOperation/);

	// To Bob, what is Alice's is what is not there.
	const tries = [
		(id) => bob.get(id),
		(id) => bob.client.cancelTask({ id }),
		(id) => bob.told(bob.client.resubscribeTask({ id })),
		(id) => bob.send("mine", { taskId: id }),
		(id) => bob.stream([{ text: "mine" }], { taskId: id }),
	];
	for (const attempt of tries) {
		const [foreign, absent] = [await refused(attempt(asked.id)), await refused(attempt(nobodys))];
		assert.match((foreign.cause ?? foreign).constructor.name, /TaskNotFound/);
		assert.equal(foreign.message, absent.message);
		assert.ok(!JSON.stringify(foreign).includes(asked.id));
	}
	const [foreign, absent] = [await refused(bob.send("mine", { contextId: done.contextId })), await refused(bob.send("mine", { contextId: nobodys }))];
	assert.equal(foreign.message, absent.message);

	if (alice.client.protocolVersion?.startsWith("1.")) {
		const mine = await bob.send("bob");
		const listed = await bob.client.listTasks({});
		assert.deepEqual(listed.tasks.map((t) => t.id), [mine.id]);
		assert.equal(listed.totalSize, 1);
		const page = await alice.client.listTasks({ pageSize: 2, includeArtifacts: true });
		assert.ok(page.tasks.length === 2 && page.nextPageToken && page.totalSize > 2, JSON.stringify(page));
	}
}

for (const dialect of [today("1.0"), today("0.3"), old]) {
	console.log(dialect.name);
	const e = await refused(new Peer(dialect, "").meet());
	assert.match(e.message, /401/);
	await talk(dialect);
}
console.log("ok agents");
