// What the page knows, in one place; and what follows from it, as pure functions.

export class Store {
  #state;
  #subscribers = new Set();

  constructor(state) {
    this.#state = Object.freeze({ ...state });
  }

  get state() {
    return this.#state;
  }

  update(changes) {
    this.#state = Object.freeze({ ...this.#state, ...changes });
    for (const subscriber of [...this.#subscribers]) subscriber(this.#state);
  }

  /** Calls back now and after every change; returns what to call to leave. */
  subscribe(subscriber) {
    this.#subscribers.add(subscriber);
    subscriber(this.#state);
    return () => this.#subscribers.delete(subscriber);
  }
}

/** phase: idle, splitting, working, done, stopped, failed. chunk states: see `CHUNK_STATES`. */
export const INITIAL = {
  phase: "idle",
  chunks: [], // {chunk, state, made: 0…1, seconds|null, error|null}
  current: -1, // the chunk being spoken
  begun: false, // whether the first word has been heard
  wait: 0, // seconds until speech may begin, while it is held back
  held: false, // playing waits for what is being made
  trouble: null, // {kind: "lost"|"busy", delay} while a request is about to be repeated
  error: null, // sentence about what ended the whole
  firstFrame: null, // seconds from the press to the first speaking frame
  ratio: null, // seconds of the clock for a second of speech
  ahead: 0, // seconds buffered
  engines: null, // {voice, lips, weights} of the last clip
};

export const CHUNK_STATES = ["waiting", "making", "ready", "speaking", "done", "stopped", "unsaid", "failed", "skipped"];
const HEARD = new Set(["speaking", "done"]);
const SETTLED = new Set(["done", "skipped"]);

export function isRunning({ phase }) {
  return phase === "splitting" || phase === "working";
}

/** The status line, as a key of the catalogue with what is to be filled in. */
export function status(state) {
  if (state.trouble) return [`status.${state.trouble.kind}`, { n: Math.ceil(state.trouble.delay) }];
  if (state.phase !== "working") return [`status.${state.phase}`, { error: state.error }];
  const total = state.chunks.length;
  const failed = state.chunks.findIndex((chunk) => chunk.state === "failed");
  const reached = state.chunks.slice(0, failed).every((chunk) => SETTLED.has(chunk.state));
  if (failed >= 0 && reached) return ["status.chunkFailed", { k: failed + 1, n: total }];
  if (state.held) return ["status.held", {}];
  if (state.wait > 0) return ["status.buffering", { n: Math.ceil(state.wait) }];
  const making = state.chunks.findIndex((chunk) => chunk.state === "making");
  if (!state.begun) return ["status.making", { k: Math.max(making, 0) + 1, n: total }];
  if (state.current === 0) return ["status.begins", {}];
  if (making >= 0) return ["status.making", { k: making + 1, n: total }];
  const heard = state.chunks.findLastIndex((chunk) => HEARD.has(chunk.state));
  return ["status.speaking", { k: heard + 1, n: total }];
}

/** Words and characters of a text, and the seconds it takes to say it. */
export function measure(text, secondsPerCharacter = 0.075) {
  const trimmed = text.trim();
  const words = trimmed ? trimmed.split(/\s+/).length : 0;
  return { words, characters: trimmed.length, seconds: Math.round(trimmed.length * secondsPerCharacter) };
}
