import assert from "node:assert/strict";
import { test } from "node:test";

import { limitsOf, moved, outputSize, resized, sameBox } from "../../static/js/crop.js";

const box = (left, top, width, height) => ({ left, top, width, height });
const PHOTO = { width: 1000, height: 800, faces: [{ box: box(400, 300, 100, 140) }], face: 0 };
const LIMITS = limitsOf(PHOTO);
const CROP = box(300, 200, 300, 300);

/** A crop is one that the server takes. */
function fits(crop, { width, height, faces, face }) {
  const { left, top, ...size } = faces[face].box;
  assert.ok(Object.values(crop).every(Number.isInteger), "whole pixels");
  assert.ok(crop.left >= 0 && crop.top >= 0, "inside");
  assert.ok(crop.left + crop.width <= width && crop.top + crop.height <= height, "inside");
  assert.ok(crop.left <= Math.max(left - 1, 0) && crop.top <= Math.max(top - 1, 0), "with the face");
  assert.ok(crop.left + crop.width >= Math.min(left + size.width + 1, width), "with the face");
  assert.ok(crop.top + crop.height >= Math.min(top + size.height + 1, height), "with the face");
  assert.ok(Math.min(crop.width, crop.height) * 2 >= Math.max(crop.width, crop.height), "no narrower than 1:2");
}

test("a crop moves until the photo ends or the face would be cut", () => {
  assert.deepEqual(moved(CROP, 10.4, -20, LIMITS), box(310, 180, 300, 300));
  assert.deepEqual(moved(CROP, 9999, 9999, LIMITS), box(399, 299, 300, 300));
  assert.deepEqual(moved(CROP, -9999, -9999, LIMITS), box(201, 141, 300, 300));
  const large = box(100, 0, 800, 800);
  assert.deepEqual(moved(large, -9999, 50, LIMITS), box(0, 0, 800, 800));
});

test("a corner moves and the opposite one stays", () => {
  assert.deepEqual(resized(CROP, "se", 50, 20, LIMITS), box(300, 200, 350, 320));
  assert.deepEqual(resized(CROP, "nw", 50, 20, LIMITS), box(350, 220, 250, 280));
  assert.deepEqual(resized(CROP, "ne", 50, 20, LIMITS), box(300, 220, 350, 280));
  assert.deepEqual(resized(CROP, "sw", 50, 20, LIMITS), box(350, 200, 250, 320));
});

test("a corner stops at the photo's edge, at the face, and where the crop would be too narrow", () => {
  assert.deepEqual(resized(CROP, "se", 9999, 9999, LIMITS), box(300, 200, 700, 600));
  assert.deepEqual(resized(CROP, "se", -9999, -9999, LIMITS), box(300, 200, 201, 241));
  assert.deepEqual(resized(CROP, "se", 9999, 0, LIMITS), box(300, 200, 600, 300));
  assert.deepEqual(resized(CROP, "nw", 0, -9999, LIMITS), box(300, 0, 300, 500));
});

test("whatever is done to a crop, the server takes it", () => {
  let state = 7;
  const random = (span) => {
    state = (state * 48271) % 2147483647;
    return ((state / 2147483647) * 2 - 1) * span;
  };
  const faces = [box(400, 300, 100, 140), box(0, 10, 90, 120), box(960, 700, 60, 90), box(-8, -5, 200, 260)];
  for (const face of faces) {
    const photo = { ...PHOTO, faces: [{ box: face }] };
    const limits = limitsOf(photo);
    let crop = box(0, 0, 1000, 800);
    for (let turn = 0; turn < 2000; turn++) {
      const corner = ["nw", "ne", "sw", "se", null][turn % 5];
      const by = [random(300), random(300)];
      crop = corner ? resized(crop, corner, ...by, limits) : moved(crop, ...by, limits);
      fits(crop, photo);
    }
  }
});

test("what is shown has even sides", () => {
  assert.deepEqual(outputSize(CROP, 512), { width: 512, height: 512 });
  assert.deepEqual(outputSize(box(0, 0, 472, 420), 300), { width: 300, height: 266 });
  assert.deepEqual(outputSize(box(0, 0, 201, 401), 1080), { width: 542, height: 1080 });
});

test("boxes are the same when all sides are", () => {
  assert.ok(sameBox(CROP, { ...CROP }));
  assert.ok(!sameBox(CROP, { ...CROP, top: 201 }));
});
