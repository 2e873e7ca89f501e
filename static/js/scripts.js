// What is to be said, as sources of chunks for the conductor. A source has
//   next(signal): more chunks, or null when there will be no more;
//   remembered: of how many chunks the clips are kept after they have been spoken;
//   decide(error, signal), if nobody can be asked what to do about a chunk: "retry" or "skip".

import { pause } from "./retries.js";

const REMEMBERED = 40; // chunks of a conversation that may go on for hours
const AGAIN = 5; // seconds until what failed for a while is tried again

/** A text that somebody has written: all of it is known. */
export class WrittenScript {
  remembered = Infinity;
  #split;

  /** split(signal): the chunks of the text. */
  constructor(split) {
    this.#split = split;
  }

  async next(signal) {
    const split = this.#split;
    if (!split) return null;
    const chunks = await split(signal);
    this.#split = null;
    return chunks;
  }
}

/** What a script says while it comes to its mind. */
export class LiveScript {
  remembered = REMEMBERED;
  #chunks = [];
  #ended = false;
  #wake = () => {};

  add(chunk) {
    this.#chunks.push(chunk);
    this.#wake();
  }

  /** Nothing more will be added. */
  end() {
    this.#ended = true;
    this.#wake();
  }

  /** How much waits to be taken. */
  get waiting() {
    return this.#chunks.length;
  }

  async next(signal) {
    while (!this.#chunks.length && !this.#ended) await this.#woken(signal);
    return this.#chunks.length ? this.#chunks.splice(0) : null;
  }

  /** There may be nobody in front of the page: what cannot be said is passed over, the rest goes on. */
  async decide(error, signal) {
    if (!error.temporary) return "skip";
    await pause(AGAIN, signal);
    return "retry";
  }

  #woken(signal) {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      signal.addEventListener("abort", stop, { once: true });
      this.#wake = () => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
    });
  }
}
