import assert from "node:assert/strict";
import { test } from "node:test";

import { clockAt, meterOf, recordable } from "../../static/js/recorder.js";

const tone = (level) => Float32Array.from({ length: 2048 }, (_, i) => level * Math.SQRT2 * Math.sin(i * 0.1));
const near = (value, wanted) => assert.ok(Math.abs(value - wanted) < 0.01, `${value} is not ${wanted}`);

test("the meter is even in decibels, from -60 to full scale", () => {
  near(meterOf(tone(1)), 1);
  near(meterOf(tone(10 ** (-30 / 20))), 0.5);
  near(meterOf(tone(10 ** (-45 / 20))), 0.25);
  assert.equal(meterOf(new Float32Array(2048)), 0);
  assert.equal(meterOf(tone(0.0001)), 0);
  assert.equal(meterOf(new Float32Array(16).fill(2)), 1);
});

test("the clock tells when it is enough and when it is over", () => {
  const limits = { shortest: 6, longest: 30 };
  assert.deepEqual(clockAt(0, limits), { spoken: 0, left: 30, enough: false, over: false });
  assert.deepEqual(clockAt(5.9, limits), { spoken: 5, left: 25, enough: false, over: false });
  assert.deepEqual(clockAt(6, limits), { spoken: 6, left: 24, enough: true, over: false });
  assert.deepEqual(clockAt(30.2, limits), { spoken: 30, left: 0, enough: true, over: true });
});

test("the best kind that the browser can record is taken, or its own choice", () => {
  assert.match(recordable(() => true), /webm/);
  assert.equal(recordable((type) => type === "audio/mp4"), "audio/mp4");
  assert.equal(recordable(() => false), "");
});
