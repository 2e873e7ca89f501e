import assert from "node:assert/strict";
import { test } from "node:test";

import {
  FRAGMENT,
  SEAM_PATIENCE,
  Timeline,
  fragmentPose,
  frameAt,
  frameFrom,
  nextMove,
  planStart,
  spliceFrame,
  toSeconds,
} from "../../static/js/timeline.js";

const CLIP = { name: "clip" };

function idleFor(frames, pose = 0) {
  const timeline = new Timeline();
  for (let at = 0; at < frames; at += FRAGMENT) timeline.append({ frames: FRAGMENT, pose: pose + at });
  return timeline;
}

test("every frame's own time gives that frame, for hours", () => {
  for (let frame = 0; frame < 100_000; frame += 7) {
    assert.equal(frameAt(toSeconds(frame)), frame);
    assert.equal(frameFrom(toSeconds(frame)), frame);
    assert.equal(frameAt(toSeconds(frame) + 0.039), frame);
    assert.equal(frameFrom(toSeconds(frame) + 0.001), frame + 1);
  }
});

test("idle motion that goes on is one segment; a jump begins another", () => {
  const timeline = idleFor(20);
  assert.equal(timeline.end, 20);
  assert.equal(timeline.idleFrom, 0);
  timeline.append({ frames: 5, pose: 100 });
  assert.equal(timeline.idleFrom, 20);
  assert.equal(timeline.poseAt(19), 19);
  assert.equal(timeline.poseAt(20), 100);
  assert.equal(timeline.poseAt(30), 110);
});

test("a cut in the middle of a clip forgets its rest and all that follows", () => {
  const timeline = idleFor(10);
  timeline.append({ frames: 50, pose: 10, clip: CLIP });
  timeline.append({ frames: 5, pose: 60 });
  timeline.cut(33);
  assert.equal(timeline.end, 33);
  assert.equal(timeline.segmentAt(32).clip, CLIP);
  assert.equal(timeline.segmentAt(33), null);
  assert.ok(timeline.endsInSpeech);
});

test("the past is thrown away only up to where decoding can begin", () => {
  const timeline = idleFor(20);
  timeline.append({ frames: 100, pose: 20, clip: CLIP });
  assert.equal(timeline.keyframeBefore(13), 10);
  assert.equal(timeline.keyframeBefore(119), 20);
  timeline.forget(20);
  assert.equal(timeline.segmentAt(19), null);
  assert.equal(timeline.segmentAt(20).clip, CLIP);
  assert.equal(timeline.poseAt(119), 119);
});

test("speech is planned for the first frame whose pose begins a fragment", () => {
  for (let pose = 0; pose < 40; pose += 5) {
    const timeline = idleFor(100, pose);
    for (const now of [0, 0.1, 0.33, 1.019]) {
      const frame = planStart(timeline, now, 0.4);
      assert.equal(timeline.poseAt(frame) % FRAGMENT, 0);
      assert.ok(toSeconds(frame) >= now + 0.4 - 1e-6);
      assert.ok(toSeconds(frame) < now + 0.4 + toSeconds(FRAGMENT + 1));
    }
  }
});

test("a clip in time enters at the pose it was drawn for; a late one as soon as it can", () => {
  const timeline = idleFor(60);
  assert.equal(spliceFrame(timeline, 0.5, 20), 20); // 0.75 s is frame 19: one frame's wait
  assert.equal(spliceFrame(timeline, 0.9, 20), 29); // its place has passed
  assert.equal(spliceFrame(timeline, 0, 40), 7); // its place is too far away to wait for
});

test("a clip behind speech enters exactly at its end, however near that is", () => {
  const timeline = idleFor(10);
  timeline.append({ frames: 25, pose: 10, clip: CLIP });
  assert.equal(spliceFrame(timeline, toSeconds(34), 35), 35);
  assert.equal(spliceFrame(timeline, 0, 35), 35);
});

test("a clip never overwrites the speech before the idle motion it enters", () => {
  const timeline = idleFor(10);
  timeline.append({ frames: 25, pose: 10, clip: CLIP });
  timeline.append({ frames: 5, pose: 35 });
  assert.equal(spliceFrame(timeline, 0, 35), 35);
  assert.ok(spliceFrame(timeline, toSeconds(33), 100) <= timeline.end);
});

const base = { now: 0, horizon: 1.2, placed: null, next: null, expected: false };

test("idle motion is appended up to the horizon and no further", () => {
  assert.deepEqual(nextMove({ ...base, timeline: new Timeline() }), { kind: "idle", pose: 0 });
  assert.deepEqual(nextMove({ ...base, timeline: idleFor(25) }), { kind: "idle", pose: 25 });
  assert.equal(nextMove({ ...base, timeline: idleFor(30) }), null);
});

test("while a clip arrives nothing else is appended", () => {
  const timeline = idleFor(10);
  timeline.append({ frames: 5, pose: 10, clip: CLIP });
  const next = { pose: 15, ready: true };
  assert.equal(nextMove({ ...base, timeline, now: 0.5, placed: { waiting: 0 }, next }), null);
  assert.deepEqual(nextMove({ ...base, timeline, placed: { waiting: 5 }, next }), { kind: "speech" });
});

test("no more is appended than a browser's buffer holds", () => {
  const timeline = new Timeline();
  timeline.append({ frames: 25 * 61, pose: 0, clip: CLIP });
  assert.equal(nextMove({ ...base, timeline, placed: { waiting: 5 } }), null);
});

test("at a seam the next clip is waited for until idle motion must fill in", () => {
  const timeline = idleFor(5);
  timeline.append({ frames: 50, pose: 5, clip: CLIP });
  const end = toSeconds(timeline.end);
  const waits = { ...base, timeline, expected: true };
  assert.equal(nextMove({ ...waits, now: end - SEAM_PATIENCE - 0.01 }), null);
  assert.deepEqual(nextMove({ ...waits, now: end - SEAM_PATIENCE + 0.01 }), { kind: "idle", pose: 55 });
  assert.deepEqual(nextMove({ ...base, timeline, now: end - 1 }), { kind: "idle", pose: 55 });
  const next = { pose: 55, ready: true };
  assert.deepEqual(nextMove({ ...waits, now: end - 0.01, next }), { kind: "splice", frame: 55 });
});

test("a browser that waits though it has data gets more, at a seam too", () => {
  const timeline = idleFor(5);
  timeline.append({ frames: 50, pose: 5, clip: CLIP });
  const waits = { ...base, timeline, expected: true, now: toSeconds(timeline.end) - 1 };
  assert.equal(nextMove(waits), null);
  assert.deepEqual(nextMove({ ...waits, stalled: true }), { kind: "idle", pose: 55 });
  assert.equal(nextMove({ ...base, timeline: idleFor(500), stalled: true }), null);
});

test("after speech that was cut anywhere idle motion goes on at the nearest fragment", () => {
  assert.equal(fragmentPose(12), 10);
  assert.equal(fragmentPose(13), 15);
  assert.equal(fragmentPose(400), 400);
});
