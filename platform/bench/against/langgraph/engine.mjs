// The cases of ../case.go on @langchain/langgraph: one line of JSON in for each round, one line out. ../langgraph.go starts it.
import { createInterface } from "node:readline";
import { createRequire } from "node:module";
import { BaseChatModel } from "@langchain/core/language_models/chat_models";
import { AIMessage, AIMessageChunk, HumanMessage } from "@langchain/core/messages";
import { ChatGenerationChunk } from "@langchain/core/outputs";
import { Annotation, Command, END, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";

const chainNodes = 10;
const fanNodes = 10;
const tokens = 200;

const State = Annotation.Root({
  ...MessagesAnnotation.spec,
  step: Annotation({ reducer: (left, right) => left + right, default: () => 0 }),
  want: Annotation(),
});

const count = () => ({ step: 1 });

function chain(n) {
  const graph = new StateGraph(State);
  let from = START;
  for (let i = 0; i < n; i++) {
    graph.addNode(`n${i}`, count).addEdge(from, `n${i}`);
    from = `n${i}`;
  }
  return graph.addEdge(from, END);
}

function fan() {
  const graph = new StateGraph(State).addNode("first", count).addNode("last", count).addEdge(START, "first").addEdge("last", END);
  for (let i = 0; i < fanNodes; i++) graph.addNode(`n${i}`, count).addEdge("first", `n${i}`).addEdge(`n${i}`, "last");
  return graph;
}

function loop() {
  const again = (state) => (state.step < state.want ? "n" : END);
  return new StateGraph(State).addNode("n", count).addEdge(START, "n").addConditionalEdges("n", again, ["n", END]);
}

function ask() {
  const asks = () => {
    interrupt("go on?");
    return { step: 1 };
  };
  return new StateGraph(State).addNode("first", count).addNode("ask", asks).addEdge(START, "first").addEdge("first", "ask").addEdge("ask", END);
}

class Talker extends BaseChatModel {
  _llmType() {
    return "bench";
  }
  async _generate() {
    const text = "word ".repeat(tokens);
    return { generations: [{ text, message: new AIMessage(text) }] };
  }
  async *_streamResponseChunks(_messages, _options, manager) {
    for (let i = 0; i < tokens; i++) {
      const chunk = new ChatGenerationChunk({ text: "word ", message: new AIMessageChunk("word ") });
      yield chunk;
      await manager?.handleLLMNewToken("word ", undefined, undefined, undefined, undefined, { chunk });
    }
  }
}

function talk() {
  const model = new Talker({});
  const node = async (state, config) => ({ messages: [await model.invoke(state.messages, config)] });
  return new StateGraph(State).addNode("model", node).addEdge(START, "model").addEdge("model", END);
}

const saver = new MemorySaver();
const plain = {};
const saving = {};
for (const [shape, make] of Object.entries({
  one: () => chain(1),
  chain: () => chain(chainNodes),
  fan,
  loop,
  interrupt: ask,
  tokens: talk,
})) {
  plain[shape] = make().compile();
  saving[shape] = make().compile({ checkpointer: saver });
}

let runs = 0;

async function once({ shape, steps, saved, kept }) {
  const graph = (saved ? saving : plain)[shape];
  const config = { recursionLimit: 2000 };
  const thread = String(++runs);
  if (saved) config.configurable = { thread_id: thread };
  const input = { messages: [new HumanMessage("hi")], want: steps };
  let answer;
  if (shape === "tokens") {
    answer = 0;
    for await (const [chunk] of await graph.stream(input, { ...config, streamMode: "messages" })) if (chunk.content === "word ") answer++;
  } else {
    let end = await graph.invoke(input, config);
    if (shape === "interrupt") end = await graph.invoke(new Command({ resume: "yes" }), config);
    answer = end.step;
  }
  const held = kept ? await size(thread) : {};
  if (saved) await saver.deleteThread(thread);
  return { answer, ...held };
}

// size counts what the saver holds of a thread: serialized checkpoints with their metadata, and writes.
async function size(thread) {
  let checkpoints = 0;
  let bytes = 0;
  for (const space of Object.values(saver.storage[thread] ?? {}))
    for (const [checkpoint, metadata] of Object.values(space)) {
      checkpoints++;
      bytes += checkpoint.length + metadata.length;
    }
  for (const [key, writes] of Object.entries(saver.writes))
    if (JSON.parse(key)[0] === thread) for (const [, , value] of Object.values(writes)) bytes += value.length;
  return { checkpoints, bytes };
}

async function round(request) {
  globalThis.gc?.();
  const cpu = process.cpuUsage();
  const start = process.hrtime.bigint();
  let last = {};
  for (let i = 0; i < request.times; i++) last = await once(request);
  const wall = Number(process.hrtime.bigint() - start);
  const used = process.cpuUsage(cpu);
  return { ...last, wall, cpu: (used.user + used.system) * 1000 };
}

const { version } = createRequire(import.meta.url)("@langchain/langgraph/package.json");
console.log(JSON.stringify({ version: `${version}, node ${process.versions.node}` }));
for await (const line of createInterface({ input: process.stdin })) {
  try {
    console.log(JSON.stringify(await round(JSON.parse(line))));
  } catch (error) {
    console.log(JSON.stringify({ error: String(error?.stack ?? error) }));
  }
}
