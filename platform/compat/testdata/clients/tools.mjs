// Assistants as tools, by the official client of the Model Context Protocol in both of its packages, as two users. Usage: tools.mjs URL.
import assert from "node:assert/strict";

import * as v2 from "@modelcontextprotocol/client";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

const [url] = process.argv.slice(2);
const v1 = { Client, StreamableHTTPClientTransport };

async function meet(library, options, token, slash, work) {
	const client = new library.Client({ name: "tools.mjs", version: "1" }, options);
	const headers = token ? { Authorization: `Bearer ${token}` } : {};
	const transport = new library.StreamableHTTPClientTransport(new URL(`${url}/mcp${slash}`), { requestInit: { headers } });
	try {
		await client.connect(transport);
		return await work(client);
	} finally {
		await client.close();
	}
}

const question = (text) => ({ messages: [{ role: "user", content: text }] });

async function names(client) {
	const found = [];
	for (let cursor; ; ) {
		const page = await client.listTools(cursor ? { cursor } : {});
		found.push(...page.tools.map((tool) => tool.name));
		if (!(cursor = page.nextCursor)) return found;
	}
}

async function refused(promise) {
	const e = await promise.then(
		(got) => assert.fail(`want an error, got ${JSON.stringify(got)}`),
		(e) => e,
	);
	return e;
}

async function both(library, options, version, slash) {
	const call = (client, name, args, options) => {
		const wanted = { name, arguments: args };
		return library === v1 ? client.callTool(wanted, undefined, options) : client.callTool(wanted, options);
	};
	await meet(library, options, "user1-token", slash, (alice) =>
		meet(library, options, "user2-token", slash, async (bob) => {
			assert.equal(alice.getServerVersion().name, "locutory");
			if (library === v2) assert.equal(alice.getNegotiatedProtocolVersion(), version);
			assert.deepEqual(await names(alice), ["agent", "Secret_bot"]);
			assert.deepEqual(await names(bob), ["agent", "Mine"]);
			const secret = (await alice.listTools()).tools[1];
			assert.equal(secret.title, "Secret bot");
			assert.equal(secret.description, "Knows what only Alice may know");

			const answer = await call(alice, "Secret_bot", question("hello"));
			assert.ok(!answer.isError && answer.content[0].text.includes("offline script"), JSON.stringify(answer));
			assert.deepEqual(answer.structuredContent.messages.map((m) => m.type), ["human", "ai"]);
			assert.ok(!(await call(bob, "agent", question("hello"))).isError);

			const foreign = await refused(call(bob, "Secret_bot", question("let me in")));
			const absent = await refused(call(bob, "Other_bot", question("let me in")));
			assert.equal(foreign.code, absent.code);
			assert.equal(foreign.message, absent.message.replaceAll("Other_bot", "Secret_bot"));

			const wrong = await call(alice, "agent", { messages: 7 });
			assert.ok(wrong.isError && wrong.content[0].text.includes("messages"), JSON.stringify(wrong));
			if (version < "2026") await alice.ping(); // the newest protocol has none

			// A call that is given up does not hang, and the client goes on.
			const quit = new AbortController();
			const given = refused(call(alice, "agent", question("hello"), { signal: quit.signal }));
			quit.abort(new Error("never mind"));
			await given;
			assert.deepEqual(await names(alice), ["agent", "Secret_bot"]);
		}),
	);
}

async function main() {
	const post = (token, path, body) =>
		fetch(url + path, { method: "POST", headers: { Authorization: `Bearer ${token}` }, body: JSON.stringify(body) }).then((r) => r.json());
	const made = { graph_id: "agent", name: "Secret bot", description: "Knows what only Alice may know" };
	await post("user1-token", "/assistants", made);
	await post("user2-token", "/assistants", { ...made, name: "Mine", description: "Bob's" });
	for (const slash of ["", "/"]) {
		await both(v1, {}, "2025-11-25", slash);
		await both(v2, {}, "2025-11-25", slash);
		await both(v2, { versionNegotiation: { mode: "auto" } }, "2026-07-28", slash);
	}
	for (const library of [v1, v2]) {
		const e = await refused(meet(library, {}, "", "", names));
		assert.ok(String(e).includes("the Authorization header is missing"), String(e));
	}
	for (const token of ["user1-token", "user2-token"]) assert.equal(await post(token, "/threads/count", {}), 0);
	console.log("tools: good");
}

await main();
