// An avatar's idle motion: one period of it, kept as fragments that can be joined anywhere.

import { FRAGMENT } from "./timeline.js";

export class Idle {
  #fragments = [];
  #period;
  #begin;

  /** period: frames after which the motion repeats. */
  constructor(period) {
    this.#period = period;
    this.init = null;
    /** Resolves when there is something to show. */
    this.begun = new Promise((resolve) => (this.#begin = resolve));
  }

  /** Fills up from the parts of a clip as they arrive, anew each time; calls `onPart` after each. */
  async load(parts, onPart = () => {}) {
    this.#fragments = [];
    for await (const part of parts) {
      if (part.init) this.init = part.init;
      else this.#fragments.push(part.bytes);
      if (this.#fragments.length) this.#begin();
      onPart();
    }
  }

  /**
   * The fragment that begins at a pose: `{bytes, pose, place}`, or null while nothing has come.
   * `place` is the frame at which it stands in its own clip. Until all have come another pose may be given.
   */
  at(pose) {
    const arrived = this.#fragments.length * FRAGMENT;
    if (!arrived) return null;
    const wanted = pose % this.#period;
    const place = wanted < arrived ? wanted : wanted % arrived;
    return { bytes: this.#fragments[place / FRAGMENT], pose: pose - wanted + place, place };
  }
}
