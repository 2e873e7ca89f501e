// The clip of one chunk while it arrives.

import { toSeconds } from "./timeline.js";

export class Clip {
  #parts = []; // bytes in the order in which they came, for the download
  #waiting = []; // fragments that the player has not taken yet
  #received = 0; // fragments
  #framesReceived = 0;
  #file = null;
  #told; // length in frames as it was told beforehand, else null
  #ended = false;

  /**
   * pose: where in the idle motion it begins; frames: its length, null while its voice is still speaking;
   * words: `[[start, stop] in ms]`, one for each word of the text, none while its voice is still speaking;
   * follows, continues: whether it was drawn to be played right after, right before another clip.
   */
  constructor({ chunk, pose, frames, words, follows, continues }) {
    this.chunk = chunk;
    this.pose = pose;
    this.#told = frames;
    this.words = words;
    this.follows = follows;
    this.continues = continues;
    this.init = null;
  }

  /** Length; without end as long as it is not known. */
  get frames() {
    return this.#told ?? (this.#ended ? this.#framesReceived : Infinity);
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

  /** Seconds that are here. */
  get secondsReceived() {
    return toSeconds(this.#framesReceived);
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

  /** Nothing more will come of it: if its length was not told, it is known now. */
  end() {
    const known = this.complete;
    this.#ended = true;
    if (this.complete && !known) this.#store();
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
