import assert from "node:assert/strict";
import { test } from "node:test";

import { BoxSplitter, concat, pictures, readClip, videoTrack } from "../../static/js/boxes.js";

const text = new TextEncoder();

function box(type, ...payload) {
  const body = concat(payload);
  const header = new Uint8Array(8);
  new DataView(header.buffer).setUint32(0, body.length + 8);
  header.set(text.encode(type), 4);
  return concat([header, body]);
}

function numbers(...values) {
  const bytes = new Uint8Array(values.length * 4);
  values.forEach((value, i) => new DataView(bytes.buffer).setUint32(i * 4, value));
  return bytes;
}

function track(id, handler, version = 0) {
  const times = version === 1 ? [0, 0, 0, 0] : [0, 0];
  return box(
    "trak",
    box("tkhd", numbers(version << 24, ...times, id)),
    box("mdia", box("hdlr", numbers(0, 0), text.encode(handler))),
  );
}

function moof(...runs) {
  return box("moof", ...runs.map(([id, count]) => box("traf", box("tfhd", numbers(0, id)), box("trun", numbers(0, count)))));
}

const ftyp = box("ftyp", text.encode("isom"));
const moov = box("moov", track(1, "soun"), track(2, "vide"));
const fragments = [
  concat([moof([1, 10], [2, 5]), box("mdat", new Uint8Array(100).fill(7))]),
  concat([moof([2, 3], [1, 6]), box("mdat", new Uint8Array(50).fill(9))]),
];

test("boxes come out whole however the stream is cut", () => {
  const stream = concat([ftyp, moov, ...fragments]);
  for (const size of [1, 3, 7, 8, 64, 1000]) {
    const splitter = new BoxSplitter();
    const boxes = [];
    for (let at = 0; at < stream.length; at += size) boxes.push(...splitter.push(stream.slice(at, at + size)));
    assert.deepEqual(boxes.map(({ type }) => type), ["ftyp", "moov", "moof", "mdat", "moof", "mdat"]);
    assert.deepEqual(concat(boxes.map(({ bytes }) => bytes)), stream);
    assert.equal(splitter.pending, 0);
  }
});

test("a box with a 64-bit size is measured by it", () => {
  const large = concat([numbers(1), text.encode("mdat"), numbers(0, 20), new Uint8Array(4)]);
  assert.deepEqual(new BoxSplitter().push(concat([large, ftyp])).map(({ bytes }) => bytes.length), [20, ftyp.length]);
});

test("the video track is found behind the sound, in both versions of its header", () => {
  assert.equal(videoTrack(moov), 2);
  assert.equal(videoTrack(box("moov", track(1, "soun", 1), track(9, "vide", 1))), 9);
  assert.throws(() => videoTrack(box("moov", track(1, "soun"))), /no video/);
});

test("pictures are counted on the video track alone, over all its runs", () => {
  assert.equal(pictures(fragments[0], 2), 5);
  assert.equal(pictures(moof([2, 2], [1, 9], [2, 4]), 2), 6);
});

test("a clip is read as its init segment, then fragments with their length", async () => {
  async function* stream() {
    const bytes = concat([ftyp, moov, ...fragments]);
    for (let at = 0; at < bytes.length; at += 33) yield bytes.slice(at, at + 33);
  }
  const parts = [];
  for await (const part of readClip(stream())) parts.push(part);
  assert.deepEqual(parts[0].init, concat([ftyp, moov]));
  assert.deepEqual(parts.slice(1).map(({ frames }) => frames), [5, 3]);
  assert.deepEqual(parts.slice(1).map(({ bytes }) => bytes), fragments);
});
