// The clip of one chunk while it arrives.

import { toSeconds } from "./timeline.js";

export class Clip {
  #parts = []; // bytes in the order in which they came, for the download
  #waiting = []; // fragments that the player has not taken yet
  #received = 0; // fragments
  #framesReceived = 0;
  #file = null;

  /**
   * pose: where in the idle motion it begins; words: `[[start, stop] in ms]`, one for each word of the text;
   * follows, continues: whether it was drawn to be played right after, right before another clip.
   */
  constructor({ chunk, pose, frames, words, follows, continues }) {
    this.chunk = chunk;
    this.pose = pose;
    this.frames = frames;
    this.words = words;
    this.follows = follows;
    this.continues = continues;
    this.init = null;
  }

  get index() {
    return this.chunk.index;
  }

  /** The pose at which the next clip must begin. */
  get nextPose() {
    return this.pose + this.frames;
  }

  get seconds() {
    return toSeconds(this.frames);
  }

  get fragmentsReceived() {
    return this.#received;
  }

  /** Part of the clip that is here, 0 to 1. */
  get made() {
    return this.#framesReceived / this.frames;
  }

  get complete() {
    return this.#framesReceived >= this.frames;
  }

  /** Frames that are here and not yet taken. */
  get waiting() {
    return this.#waiting.reduce((sum, { frames }) => sum + frames, 0);
  }

  start(init) {
    this.init = init;
    this.#parts.push(init);
  }

  add(fragment) {
    this.#parts.push(fragment.bytes);
    this.#waiting.push(fragment);
    this.#received += 1;
    this.#framesReceived += fragment.frames;
    if (this.complete) this.#store();
  }

  take() {
    return this.#waiting.shift() ?? null;
  }

  /** The whole clip as a file, once it is complete. */
  get file() {
    return this.#file;
  }

  #store() {
    // A Blob may live on disk, so a long text does not fill the page's memory.
    this.#file = new Blob(this.#parts, { type: "video/mp4" });
    this.#parts = [];
  }
}
