import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";

import { ConnectionLost, Refused } from "../../static/js/api.js";
import { LOOK_AHEAD } from "../../static/js/buffering.js";
import { Conductor } from "../../static/js/conductor.js";
import { LiveScript, WrittenScript } from "../../static/js/scripts.js";

const FRAMES = 50; // of every clip here: 2 s

const chunk = (index) => ({ index, text: `chunk ${index}`, language: "en", pause: 0 });

/** A server in memory: makes each chunk as ten fragments, or does what its script says. */
class Server {
  requests = [];
  script = new Map(); // chunk index → functions, one an attempt, that may throw or cut the clip short

  constructor(count, { told = FRAMES } = {}) {
    this.count = count;
    this.told = told;
  }

  text() {
    return new WrittenScript(async () => Array.from({ length: this.count }, (_, index) => chunk(index)));
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
  late = false; // whether what is asked for now comes after what is spoken now is over

  enqueue(clip) {
    this.queue.push(clip);
  }

  abandon(clip) {
    this.abandoned.push(clip);
    this.queue = this.queue.filter((queued) => queued !== clip);
  }

  planPose(delay, before = null) {
    return before && !this.late ? before.nextPose : 40;
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
  const speech = conductor.speak(api.text(), {});
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
  const speech = conductor.speak(api.text(), {});
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
  const speech = conductor.speak(api.text(), {});
  while (!player.queue[0]?.complete) await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(player.queue[0].frames, FRAMES);
  await player.listen(conductor);
  await speech;
  assert.equal(api.requests.length, 2);
});

test("the time until a voice that still speaks is heard counts as its work", async () => {
  const { api, player, conductor, changes } = setUp(1, { told: null });
  const generate = Server.prototype.generate;
  Server.prototype.generate = async function (...asked) {
    await new Promise((resolve) => setTimeout(resolve, 400));
    return generate.apply(this, asked);
  };
  const speech = conductor.speak(api.text(), {});
  while (!player.queue[0]?.fragmentsReceived) await turn();
  Server.prototype.generate = generate;
  assert.ok(changes.findLast(({ ratio }) => ratio).ratio > 1.5, "0.4 s of work for the first 0.2 s of speech");
  await player.listen(conductor);
  await speech;
});

test("no more is asked for than the look-ahead allows", async () => {
  const { api, player, conductor } = setUp(40);
  const speech = conductor.speak(api.text(), {});
  for (let i = 0; i < 300; i++) await turn();
  assert.equal(api.requests.length, LOOK_AHEAD / 2);
  await player.listen(conductor);
  await speech;
  assert.equal(api.requests.length, 40);
});

test("a clip that broke off goes on where it broke, without a fragment twice", async () => {
  const { api, player, conductor } = setUp(2);
  api.script.set(0, [() => 3]);
  const speech = conductor.speak(api.text(), {});
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
  const speech = conductor.speak(api.text(), {});
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
  const speech = conductor.speak(api.text(), {});
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
  const speech = conductor.speak(api.text(), {});
  await new Promise((resolve) => setTimeout(resolve, 700));
  await player.listen(conductor);
  await speech;
  assert.deepEqual(changes.filter((c) => "trouble" in c).map((c) => c.trouble), [{ kind: "busy", delay: 0.5 }, null]);
});

test("stop ends everything: no request is left, no later one is made", async () => {
  const { api, player, conductor } = setUp(40);
  const speech = conductor.speak(api.text(), {});
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
  const { api, player, conductor, state } = setUp(2);
  const first = conductor.speak(api.text(), {});
  await turn();
  await conductor.stop();
  await assert.rejects(first);
  const second = conductor.speak(api.text(), {});
  await player.listen(conductor);
  await second;
  assert.deepEqual(state(), ["done", "done"]);
});

test("a chunk that is the last for now ends at rest; what comes in time joins it at rest", async () => {
  const { api, player, conductor } = setUp(0);
  const script = new LiveScript();
  const speech = conductor.speak(script, {});
  script.add(chunk(0));
  while (!player.queue[0]?.complete) await turn();
  conductor.begun(player.queue[0]);
  script.add(chunk(1));
  script.add(chunk(2));
  while (api.requests.length < 3) await turn();
  script.end();
  const asked = api.requests.map(({ start_frame, follows, continues }) => [start_frame, follows, continues]);
  assert.deepEqual(asked, [[40, false, false], [90, false, true], [140, true, false]]);
  await player.listen(conductor);
  await speech;
});

test("a chunk that comes too late enters where idle motion will be", async () => {
  const { api, player, conductor } = setUp(0);
  const script = new LiveScript();
  conductor.speak(script, {}).catch(() => {});
  script.add(chunk(0));
  while (!player.queue[0]?.complete) await turn();
  player.late = true;
  script.add(chunk(1));
  while (api.requests.length < 2) await turn();
  assert.deepEqual([api.requests[1].start_frame, api.requests[1].follows], [40, false]);
  await conductor.stop();
});

test("a conversation may go on for hours: what was spoken long ago is forgotten", async () => {
  const { api, player, conductor, state } = setUp(0);
  const script = new LiveScript();
  const speech = conductor.speak(script, {});
  for (let index = 17; index < 317; index++) {
    script.add(chunk(index));
    if (index % 10 === 0) await player.listen(conductor);
  }
  script.end();
  await player.listen(conductor);
  await speech;
  assert.deepEqual(api.requests.map((request) => request.chunk_index), Array.from({ length: 300 }, (_, i) => 17 + i));
  assert.equal(conductor.files.length, script.remembered);
  assert.deepEqual([...new Set(state())], ["done"]);
});

test("where nobody can be asked, what cannot be said is passed over", async () => {
  const { api, player, conductor, state } = setUp(0);
  api.script.set(0, [
    () => {
      throw new Refused(422, "cannot say this", null);
    },
  ]);
  const script = new LiveScript();
  const speech = conductor.speak(script, {});
  script.add(chunk(0));
  script.add(chunk(1));
  script.end();
  await player.listen(conductor);
  await speech;
  assert.deepEqual(state(), ["skipped", "done"]);
});

test("an interruption leaves nothing of what was to come; what is said then is spoken", async () => {
  const { api, player, conductor, state } = setUp(0);
  const first = new LiveScript();
  const cut = conductor.speak(first, {});
  for (let index = 0; index < 20; index++) first.add(chunk(index));
  while (!player.queue[0]?.complete) await turn();
  conductor.begun(player.queue[0]);
  conductor.stop();
  await assert.rejects(cut, { name: "AbortError" });
  assert.deepEqual(state(), ["stopped", ...Array(19).fill("unsaid")]);
  const second = new LiveScript();
  const speech = conductor.speak(second, {});
  second.add(chunk(20));
  second.end();
  await player.listen(conductor);
  await speech;
  assert.deepEqual(state(), ["done"]);
  assert.equal(api.requests.at(-1).chunk_index, 20);
});
