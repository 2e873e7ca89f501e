// Splitting a fragmented MP4 into what a SourceBuffer takes: one init segment, then media fragments.
// Source: ISO/IEC 14496-12 (box structure, tkhd, mdhd, hdlr, tfhd, trun).

const HEADER = 8; // bytes of size and type before a box's payload
const CONTAINERS = new Set(["moov", "trak", "mdia", "moof", "traf"]);

/** Cuts a byte stream into whole top-level boxes, however the network cut it. */
export class BoxSplitter {
  #bytes = new Uint8Array(0);

  /** Takes more of the stream; returns the boxes `{type, bytes}` that are whole by now. */
  push(bytes) {
    this.#bytes = concat([this.#bytes, bytes]);
    const boxes = [];
    let start = 0;
    for (;;) {
      const size = boxSize(this.#bytes, start);
      if (size === null || start + size > this.#bytes.length) break;
      boxes.push({ type: boxType(this.#bytes, start), bytes: this.#bytes.slice(start, start + size) });
      start += size;
    }
    this.#bytes = this.#bytes.slice(start);
    return boxes;
  }

  /** Bytes of a box whose end has not come yet. */
  get pending() {
    return this.#bytes.length;
  }
}

/**
 * Reads a clip from an async iterable of bytes as `{init}` once, then `{bytes, frames}` for each
 * fragment: `frames` is how many pictures it holds.
 */
export async function* readClip(stream) {
  const splitter = new BoxSplitter();
  let head = [];
  let track = null;
  for await (const bytes of stream) {
    for (const box of splitter.push(bytes)) {
      head.push(box.bytes);
      if (box.type === "moov") {
        track = videoTrack(box.bytes);
        yield { init: concat(head) };
        head = [];
      } else if (box.type === "mdat") {
        const whole = concat(head);
        head = [];
        yield { bytes: whole, frames: pictures(whole, track) };
      }
    }
  }
}

/** The number of the video track in a `moov` box. */
export function videoTrack(moov) {
  let id = null;
  let video = null;
  walk(moov, (type, view) => {
    if (type === "tkhd") id = view.getUint32(view.getUint8(0) === 1 ? 20 : 12);
    if (type === "hdlr" && fourCharacters(view, 8) === "vide") video = id;
  });
  if (video === null) throw new Error("the clip has no video track");
  return video;
}

/** How many samples a fragment (`moof`, what follows is ignored) holds of a track. */
export function pictures(fragment, track) {
  let id = null;
  let count = 0;
  walk(fragment, (type, view) => {
    if (type === "tfhd") id = view.getUint32(4);
    if (type === "trun" && id === track) count += view.getUint32(4);
  });
  return count;
}

export function concat(parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** Calls `visit(type, view of the payload)` for every box, depth first. */
function walk(bytes, visit) {
  let start = 0;
  while (start + HEADER <= bytes.length) {
    const size = boxSize(bytes, start);
    if (size === null || size < HEADER) return;
    const type = boxType(bytes, start);
    const payload = bytes.subarray(start + HEADER, start + size);
    visit(type, new DataView(payload.buffer, payload.byteOffset, payload.byteLength));
    if (CONTAINERS.has(type)) walk(payload, visit);
    start += size;
  }
}

/** Size of the box at `start`, or null if its header is not whole yet. */
function boxSize(bytes, start) {
  if (start + HEADER > bytes.length) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + start);
  const size = view.getUint32(0);
  if (size !== 1) return size || Infinity; // 0: to the end of the stream
  return start + 16 > bytes.length ? null : Number(view.getBigUint64(8));
}

function boxType(bytes, start) {
  return String.fromCharCode(...bytes.subarray(start + 4, start + 8));
}

function fourCharacters(view, at) {
  return String.fromCharCode(...[0, 1, 2, 3].map((i) => view.getUint8(at + i)));
}
