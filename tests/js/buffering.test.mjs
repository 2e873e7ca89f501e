import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LOOK_AHEAD,
  Pace,
  bufferNeeded,
  canBegin,
  comesInTime,
  estimateSpeech,
  mayRequest,
  waitBeforeSpeech,
} from "../../static/js/buffering.js";

/** Plays `total` seconds made at `ratio` from the moment `buffered` lie ready; true if it stalls. */
function stalls(total, ratio, buffered) {
  const step = 0.01;
  for (let played = 0; played < total; played += step) {
    if (Math.min(total, buffered + played / ratio) < played) return true;
  }
  return false;
}

test("what is asked for never stalls, and a third less of it would", () => {
  for (const ratio of [1.2, 1.5, 2, 4, 10]) {
    for (const total of [3, 20, 200]) {
      const needed = bufferNeeded(ratio, total);
      assert.equal(stalls(total, ratio, needed), false, `${ratio} ${total}`);
      assert.equal(stalls(total, ratio, total * (1 - 1 / ratio) * 0.66), true, `${ratio} ${total}`);
    }
  }
});

test("nothing is held back where making is faster than speaking", () => {
  assert.equal(bufferNeeded(0.2, 1000), 0);
  assert.equal(bufferNeeded(0.85, 1000), 0);
  assert.equal(waitBeforeSpeech({ buffered: 0.2, remaining: 60, ratio: 0.5 }), 0);
});

test("speech begins at once when all of it is there, and not before the speed is known", () => {
  assert.equal(canBegin({ buffered: 1, remaining: 1, ratio: null, complete: true }), true);
  assert.equal(canBegin({ buffered: 1, remaining: 9, ratio: null, complete: false }), false);
  assert.equal(canBegin({ buffered: 0.2, remaining: 9, ratio: 0.3, complete: false }), true);
  assert.equal(canBegin({ buffered: 0.2, remaining: 9, ratio: 2, complete: false }), false);
});

test("the wait that is announced is the time the missing seconds take to make", () => {
  const needed = bufferNeeded(2, 10);
  assert.equal(waitBeforeSpeech({ buffered: 1, remaining: 10, ratio: 2 }), (needed - 1) * 2);
  assert.equal(waitBeforeSpeech({ buffered: needed, remaining: 10, ratio: 2 }), 0);
});

test("a short chunk is held back until the next one is sure to follow it", () => {
  assert.equal(comesInTime({ speech: 1, delay: 0.3, asked: 0 }), true);
  assert.equal(comesInTime({ speech: 1, delay: 2, asked: 0 }), false);
  assert.equal(comesInTime({ speech: 1, delay: 2, asked: 2.1 }), true);
});

test("the look-ahead is bounded, but never below what must be buffered", () => {
  const free = { inFlight: 0, lastMade: 1, needed: 0 };
  assert.equal(mayRequest({ ...free, ahead: LOOK_AHEAD - 1 }), true);
  assert.equal(mayRequest({ ...free, ahead: LOOK_AHEAD }), false);
  assert.equal(mayRequest({ ...free, ahead: LOOK_AHEAD, needed: 30 }), true);
  assert.equal(mayRequest({ ...free, ahead: 0, inFlight: 2 }), false);
  assert.equal(mayRequest({ ...free, ahead: 0, inFlight: 1, lastMade: 0 }), false);
});

test("the length of a text is judged by the chunks whose length is known", () => {
  assert.equal(estimateSpeech([{ text: "abcd", seconds: 2 }, { text: "abcdefgh", seconds: null }]), 6);
  assert.equal(estimateSpeech([{ text: "abcd", seconds: null }], 0.5), 2);
  assert.equal(estimateSpeech([]), 0);
});

test("pace counts making, not the delay before it nor the rest between speeches", () => {
  const pace = new Pace();
  assert.equal(pace.ratio, null);
  pace.made(0.2, 100);
  assert.equal(pace.ratio, null);
  for (let i = 1; i <= 10; i++) pace.made(0.2, 100 + i * 0.1);
  assert.ok(Math.abs(pace.ratio - 0.5) < 1e-9);
  pace.rest();
  pace.made(0.2, 500);
  assert.ok(Math.abs(pace.ratio - 0.5) < 1e-9);
});

test("what is measured anew outweighs what was measured before", () => {
  const pace = new Pace();
  for (let i = 0; i <= 10; i++) pace.made(0.2, i * 0.1);
  pace.rest();
  for (let i = 0; i <= 10; i++) pace.made(0.2, 50 + i * 0.4);
  assert.ok(pace.ratio > 1.4 && pace.ratio < 2);
});

test("a voice slower than speech counts as much as slow drawing", () => {
  const pace = new Pace();
  for (let i = 0; i <= 10; i++) pace.made(0.2, i * 0.02);
  pace.prepared(6, 3);
  assert.equal(pace.ratio, 2);
  pace.prepared(0.03, 3);
  assert.ok(pace.ratio < 0.2);
});
