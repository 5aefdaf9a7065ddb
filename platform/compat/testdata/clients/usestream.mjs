// The React hook useStream of the official JavaScript SDK, in a page made by jsdom. Usage: usestream.mjs URL RELEASE.
// A POST to RELEASE lets the graph "speaker" say its second word.
import assert from "node:assert/strict";
import { JSDOM } from "jsdom";

const [url, release] = process.argv.slice(2);
const page = new JSDOM('<div id="root"></div>', { url: "http://localhost:3000/" });
for (const name of ["window", "document", "navigator", "sessionStorage"]) {
  Object.defineProperty(globalThis, name, { value: page.window[name], configurable: true });
}
const { createElement, useEffect } = await import("react");
const { createRoot } = await import("react-dom/client");
const { useStream } = await import("@langchain/langgraph-sdk/react");
const { Client } = await import("@langchain/langgraph-sdk");

// The hook lets go of a history that it could not read, as a page's console shows.
const dropped = [];
process.on("unhandledRejection", (error) => dropped.push(String(error)));

const headers = (token) => ({ Authorization: `Bearer ${token}` });
const mine = new Client({ apiUrl: url, apiKey: null, defaultHeaders: headers("user1-token") });
const mounted = new Set();

// mount shows a component with the hook; hook() is what the last render got of it.
async function mount(options) {
  let hook;
  const given = {
    apiUrl: url, apiKey: null, defaultHeaders: headers("user1-token"), fetchStateHistory: true,
    onThreadId: (id) => (chat.thread = id),
    onFinish: () => chat.ended++,
    onError(error) {
      chat.errors.push(String(error));
      chat.ended++;
    },
    ...options,
  };
  function Chat() {
    hook = useStream(given);
    useEffect(() => void (chat.shown = true), []); // nobody can click before that
    return `${hook.isLoading} ${hook.interrupt?.value} ${hook.error} ${hook.messages.map((m) => m.content)}`; // it asks for what is read
  }
  const root = createRoot(document.getElementById("root").appendChild(document.createElement("div")));
  root.render(createElement(Chat));
  const chat = {
    shown: false,
    errors: [],
    ended: 0,
    hook: () => hook,
    // saw waits for a render that is as wanted.
    async saw(what, wanted) {
      for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((go) => setTimeout(go, 5))) {
        if (hook && wanted(hook)) return hook;
      }
      assert.fail(`never ${what}: ${JSON.stringify({ values: hook?.values, error: String(hook?.error), loading: hook?.isLoading, errors: chat.errors })}`);
    },
    async submit(values, more) {
      const before = chat.ended;
      void hook.submit(values, more); // newer ones only begin it
      await chat.saw("at rest", (h) => chat.ended > before && !h.isLoading);
    },
    leave() {
      root.unmount();
      mounted.delete(chat);
    },
  };
  mounted.add(chat);
  await chat.saw("there", (h) => chat.shown && !h.isThreadLoading);
  return chat;
}

const says = (text) => ({ messages: [{ type: "human", content: text }] });
const texts = (h) => h.messages.map((m) => m.content);

const parts = {
  async "a conversation, and another answer to its first question"() {
    const chat = await mount({ assistantId: "agent" });
    await chat.submit(says("one"));
    assert.ok(chat.thread, String(chat.errors));
    await chat.submit(says("two"));
    const first = await chat.saw("all messages", (h) => h.messages.length === 4 && h.history.length > 0);
    assert.deepEqual(texts(first), ["one", "echo: one", "two", "echo: two"]);
    assert.deepEqual(first.values.messages.map((m) => m.id), first.history.at(-1).values.messages.map((m) => m.id));
    const meta = first.getMessagesMetadata(first.messages[1]);
    await chat.submit(undefined, { checkpoint: meta.firstSeenState.parent_checkpoint });
    const forked = await chat.saw("two branches", (h) => h.getMessagesMetadata(h.messages[1])?.branchOptions?.length === 2);
    assert.deepEqual(texts(forked), ["one", "echo: one"]);
    const [older] = forked.getMessagesMetadata(forked.messages[1]).branchOptions;
    forked.setBranch(older);
    const back = await chat.saw("the other branch", (h) => h.messages.length === 4);
    assert.deepEqual(texts(back), texts(first));
  },

  async "words arrive while the model speaks"() {
    const chat = await mount({ assistantId: "speaker" });
    void chat.hook().submit(says("speak"));
    const half = await chat.saw("the first word", (h) => h.messages.at(-1)?.content === "one ");
    assert.ok(half.isLoading);
    await fetch(release, { method: "POST" });
    const whole = await chat.saw("the whole answer", (h) => !h.isLoading && h.messages.at(-1)?.content === "one two");
    assert.equal(whole.messages.at(-1).id, half.messages.at(-1).id);
    assert.equal(whole.messages.length, 2);
  },

  async "a question to a person"() {
    const chat = await mount({ assistantId: "doubter" });
    await chat.submit(says("hi"));
    const asked = await chat.saw("a question", (h) => h.interrupt);
    assert.equal(asked.interrupt.value, "go on?");
    await chat.submit(undefined, { command: { resume: "yes" } });
    const after = await chat.saw("an answer", (h) => !h.interrupt && h.messages.length === 2);
    assert.equal(after.messages[1].content, "answered yes");
  },

  async "a graph that fails"() {
    const chat = await mount({ assistantId: "failing" });
    await chat.submit(says("x"));
    const failed = await chat.saw("an error", (h) => h.error);
    assert.match(String(failed.error), /TimeoutError|deadline/);
    assert.equal(chat.errors.length, 1);
  },

  async "stopping cancels the run"() {
    const chat = await mount({ assistantId: "speaker" });
    void chat.hook().submit(says("speak"));
    const half = await chat.saw("the first word", (h) => h.messages.at(-1)?.content === "one ");
    await half.stop();
    await chat.saw("at rest", (h) => !h.isLoading);
    for (const end = Date.now() + 60_000; ; await new Promise((go) => setTimeout(go, 20))) {
      const [run] = await mine.runs.list(chat.thread);
      if (run.status === "interrupted") break;
      assert.ok(Date.now() < end, `the run is ${run.status}`);
    }
  },

  async "a page that is loaded again goes on reading"() {
    const options = { assistantId: "speaker", reconnectOnMount: true };
    const chat = await mount(options);
    void chat.hook().submit(says("speak"), { streamResumable: true });
    await chat.saw("the first word", (h) => h.messages.at(-1)?.content === "one ");
    chat.leave();
    const again = await mount({ ...options, threadId: chat.thread });
    await again.saw("the first word again", (h) => h.isLoading && h.messages.at(-1)?.content === "one ");
    await fetch(release, { method: "POST" });
    const whole = await again.saw("the whole answer", (h) => !h.isLoading && h.messages.at(-1)?.content === "one two");
    assert.equal(whole.messages.length, 2);
  },

  async "another user sees nothing"() {
    const chat = await mount({ assistantId: "agent" });
    await chat.submit(says("secret"));
    const bobs = await mount({ assistantId: "agent", threadId: chat.thread, defaultHeaders: headers("user2-token") });
    await bobs.saw("an error", (h) => h.error);
    await bobs.submit(says("let me in"));
    await bobs.saw("an error", (h) => /404/.test(String(h.error)));
    assert.ok(!JSON.stringify([bobs.hook().values, bobs.hook().history, bobs.errors, dropped]).includes("secret"));
    assert.ok(dropped.length > 0 && dropped.every((error) => /HTTP 404/.test(error)), String(dropped));
    const state = await mine.threads.getState(chat.thread);
    assert.deepEqual(state.values.messages.map((m) => m.content), ["secret", "echo: secret"]);
  },
};

for (const [name, part] of Object.entries(parts)) {
  await part();
  for (const chat of mounted) chat.leave();
  console.log("ok", name);
}
assert.ok(dropped.every((error) => /HTTP 404/.test(error)), String(dropped));
console.log("ok usestream");
process.exit(0); // jsdom has timers of its own
