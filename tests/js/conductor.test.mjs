import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { ConnectionLost, Refused } from "../../static/js/api.js";
import { LOOK_AHEAD } from "../../static/js/buffering.js";
import { Conductor } from "../../static/js/conductor.js";

const FRAMES = 50; // of every clip here: 2 s

/** A server in memory: makes each chunk as ten fragments, or does what its script says. */
class Server {
  requests = [];
  script = new Map(); // chunk index → functions, one an attempt, that may throw or cut the clip short

  constructor(count, { told = FRAMES } = {}) {
    this.count = count;
    this.told = told;
  }

  async split() {
    return Array.from({ length: this.count }, (_, index) => ({ index, text: `chunk ${index}`, language: "en", pause: 0 }));
  }

  async generate(request, signal) {
    this.requests.push(request);
    const fragments = this.script.get(request.chunk_index)?.shift()?.() ?? FRAMES / 5;
    return { frames: this.told, words: [], voice: "v", lips: "l", parts: this.#parts(fragments, signal) };
  }

  async *#parts(fragments, signal) {
    yield { init: new Uint8Array([1]) };
    for (let i = 0; i < fragments; i++) {
      await turn();
      signal.throwIfAborted();
      yield { bytes: new Uint8Array([i]), frames: 5 };
    }
    if (fragments < FRAMES / 5) throw new ConnectionLost();
  }
}

/** A player that speaks what is complete, one clip after another, when told to. */
class Listener {
  queue = [];
  abandoned = [];
  stopped = 0;
  expected = false;
  sound = "flac";

  enqueue(clip) {
    this.queue.push(clip);
  }

  abandon(clip) {
    this.abandoned.push(clip);
    this.queue = this.queue.filter((queued) => queued !== clip);
  }

  planPose() {
    return 40;
  }

  async stop() {
    this.stopped += 1;
    this.queue = [];
  }

  pump() {}

  async listen(conductor) {
    for (let idle = 0; idle < 50; idle++) {
      await turn();
      const clip = this.queue.find(({ index, complete }) => complete && conductor.isNext({ index }));
      if (!clip) continue;
      idle = 0;
      this.queue = this.queue.filter((queued) => queued !== clip);
      conductor.begun(clip);
      await turn();
      conductor.ended(clip);
    }
  }
}

function setUp(count, options) {
  const api = new Server(count, options);
  const player = new Listener();
  const changes = [];
  let latest = { chunks: [] };
  const onChange = (change) => {
    changes.push(change);
    latest = { ...latest, ...change };
  };
  const conductor = new Conductor({ api, player, onChange });
  const state = () => latest.chunks.map((chunk) => chunk.state);
  return { api, player, conductor, changes, state };
}

test("chunks are spoken in order, each beginning where the one before it ends", async () => {
  const { api, player, conductor, state } = setUp(4);
  const speech = conductor.speak("text", { language: "en" });
  await player.listen(conductor);
  await speech;
  assert.deepEqual(api.requests.map((request) => request.chunk_index), [0, 1, 2, 3]);
  assert.deepEqual(api.requests.map((request) => request.start_frame), [40, 90, 140, 190]);
  assert.deepEqual(api.requests.map((request) => request.follows), [false, true, true, true]);
  assert.deepEqual(api.requests.map((request) => request.continues), [true, true, true, false]);
  assert.deepEqual(state(), ["done", "done", "done", "done"]);
  assert.equal(conductor.files.length, 4);
});

test("a clip of unknown length is as long as what came of it; the next is asked for when that is known", async () => {
  const { api, player, conductor, changes, state } = setUp(3, { told: null });
  const speech = conductor.speak("text", { language: "en" });
  while (!player.queue.length) await turn();
  const [clip] = player.queue;
  assert.equal(clip.frames, Infinity);
  assert.equal(clip.complete, false);
  assert.equal(changes.findLast(({ chunks }) => chunks).chunks[0].seconds, null);
  assert.equal(api.requests.length, 1, "nobody knows yet where the next begins");
  await player.listen(conductor);
  await speech;
  assert.equal(clip.frames, FRAMES);
  assert.deepEqual(api.requests.map((request) => request.start_frame), [40, 90, 140]);
  assert.deepEqual(state(), ["done", "done", "done"]);
  assert.equal(conductor.files.length, 3);
});

test("a clip of unknown length that broke off goes on where it broke", async () => {
  const { api, player, conductor } = setUp(1, { told: null });
  api.script.set(0, [() => 3]);
  const speech = conductor.speak("text", { language: "en" });
  while (!player.queue[0]?.complete) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(player.queue[0].frames, FRAMES);
  await player.listen(conductor);
  await speech;
  assert.equal(api.requests.length, 2);
});

test("the time until a voice that still speaks is heard counts as its work", async () => {
  const { player, conductor, changes } = setUp(1, { told: null });
  const generate = Server.prototype.generate;
  Server.prototype.generate = async function (...asked) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return generate.apply(this, asked);
  };
  const speech = conductor.speak("text", { language: "en" });
  while (!player.queue[0]?.fragmentsReceived) await turn();
  Server.prototype.generate = generate;
  assert.ok(changes.findLast(({ ratio }) => ratio).ratio > 1.5, "0.4 s of work for the first 0.2 s of speech");
  await player.listen(conductor);
  await speech;
});

test("no more is asked for than the look-ahead allows", async () => {
  const { api, player, conductor } = setUp(40);
  const speech = conductor.speak("text", { language: "en" });
  for (let i = 0; i < 300; i++) await turn();
  assert.equal(api.requests.length, LOOK_AHEAD / 2);
  await player.listen(conductor);
  await speech;
  assert.equal(api.requests.length, 40);
});

test("a clip that broke off goes on where it broke, without a fragment twice", async () => {
  const { api, player, conductor } = setUp(2);
  api.script.set(0, [() => 3]);
  const speech = conductor.speak("text", { language: "en" });
  await new Promise((resolve) => setTimeout(resolve, 600));
  const clip = player.queue.find(({ index }) => index === 0);
  const bytes = [];
  for (let part; (part = clip.take()); ) bytes.push(part.bytes[0]);
  assert.deepEqual(bytes, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.equal(clip.init.length, 1);
  assert.deepEqual(api.requests.filter((r) => r.chunk_index === 0).map((r) => r.start_frame), [40, 40]);
  assert.deepEqual(player.abandoned, []);
  await player.listen(conductor);
  await speech;
});

test("what the server refuses is left to the user, and may be tried again", async () => {
  const { api, player, conductor, state } = setUp(3);
  const refuse = () => {
    throw new Refused(422, "cannot say this", null);
  };
  api.script.set(1, [refuse, refuse]);
  const speech = conductor.speak("text", { language: "en" });
  await player.listen(conductor);
  assert.deepEqual(state(), ["done", "failed", "waiting"]);
  conductor.retry(1);
  await player.listen(conductor);
  assert.deepEqual(state(), ["done", "failed", "waiting"]);
  conductor.retry(1);
  await player.listen(conductor);
  await speech;
  assert.deepEqual(state(), ["done", "done", "done"]);
});

test("a chunk may be skipped; the rest is spoken", async () => {
  const { api, player, conductor, state } = setUp(3);
  api.script.set(0, [
    () => {
      throw new Refused(500, "broken", null);
    },
  ]);
  const speech = conductor.speak("text", { language: "en" });
  await player.listen(conductor);
  conductor.skip(0);
  await player.listen(conductor);
  await speech;
  assert.deepEqual(state(), ["skipped", "done", "done"]);
  assert.equal(conductor.files.length, 2);
});

test("a busy server is asked again when it said so", async () => {
  const { api, player, conductor, changes } = setUp(1);
  api.script.set(0, [
    () => {
      throw new Refused(503, "busy", 0.5);
    },
  ]);
  const speech = conductor.speak("text", { language: "en" });
  await new Promise((resolve) => setTimeout(resolve, 700));
  await player.listen(conductor);
  await speech;
  assert.deepEqual(changes.filter((c) => "trouble" in c).map((c) => c.trouble), [{ kind: "busy", delay: 0.5 }, null]);
});

test("stop ends everything: no request is left, no later one is made", async () => {
  const { api, player, conductor } = setUp(40);
  const speech = conductor.speak("text", { language: "en" });
  await turn();
  await turn();
  await conductor.stop();
  await assert.rejects(speech, { name: "AbortError" });
  const asked = api.requests.length;
  for (let i = 0; i < 50; i++) await turn();
  assert.equal(api.requests.length, asked);
  assert.equal(player.stopped, 1);
});

test("speech may be started again after a stop", async () => {
  const { player, conductor, state } = setUp(2);
  const first = conductor.speak("text", { language: "en" });
  await turn();
  await conductor.stop();
  await assert.rejects(first);
  const second = conductor.speak("text", { language: "en" });
  await player.listen(conductor);
  await second;
  assert.deepEqual(state(), ["done", "done"]);
});
