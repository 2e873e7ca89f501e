// Talking to the server. Every failure is one of the two errors below.

import { readClip } from "./boxes.js";
import { upload } from "./upload.js";

/** Seconds after which a stream from which nothing comes is taken for lost. */
const SILENCE = 20;
/** Milliseconds that a report may take. */
const HURRY = 10_000;

/** The server answered, and said no. */
export class Refused extends Error {
  constructor(status, detail, retryAfter, found = null) {
    super(detail);
    this.name = "Refused";
    this.status = status;
    /** Seconds after which the server wants to be asked again, or null. */
    this.retryAfter = retryAfter;
    /** A picture of what was found in a file that was refused, as a data URL, or null. */
    this.found = found;
  }

  /** Whether the same question may be answered later. */
  get temporary() {
    return this.status === 503 || this.status === 429 || this.status === 502 || this.status === 504;
  }
}

/** No answer came, or it broke off. */
export class ConnectionLost extends Error {
  constructor(cause) {
    super("connection lost", { cause });
    this.name = "ConnectionLost";
  }

  get temporary() {
    return true;
  }
}

export class Api {
  #language;
  #viewer = Math.random().toString(36).slice(2); // so that pages behind one address take turns

  /** language: a function that gives the language in which the server's sentences are wanted. */
  constructor(language) {
    this.#language = language;
  }

  async avatars() {
    return this.#json("api/avatars");
  }

  async engines() {
    return this.#json("api/engines");
  }

  async voices() {
    return this.#json("api/voices");
  }

  /** The chunks of a text: `[{index, text, language, pause}]`. */
  async split(text, { language, voice }, signal) {
    const { chunks } = await this.#json("api/split", { ...json({ text, language, voice }), signal });
    return chunks;
  }

  /** Asks for the clip of a chunk; returns what is known before it is drawn, and its parts as they come. */
  async generate(request, signal) {
    const response = await this.#fetch("api/generate_stream", { ...json(request), signal });
    const headers = response.headers;
    return {
      frames: parseFrames(headers.get("Chunk-Frames")),
      words: parseWords(headers.get("Chunk-Words") ?? ""),
      voice: headers.get("Voice"),
      lips: headers.get("Lips-Engine"),
      weights: headers.get("Lips-Weights"), // null where the engine needs none
      parts: readClip(bytesOf(response, signal)),
    };
  }

  /** One period of an avatar's idle motion, as parts. */
  async idle(url, sound, signal) {
    const response = await this.#fetch(`${url}?audio=${sound}`, { signal });
    return readClip(bytesOf(response, signal));
  }

  /** Brings a voice of one's own; the form has `recording`, `name` and `consent`. onProgress(share): 0…1. */
  async addVoice(form, onProgress) {
    return this.#upload("api/voices", form, onProgress);
  }

  /**
   * Brings an avatar of one's own; the form has `file`. Gives the avatar of a photo, or how far the preparation
   * of a video is: that has `progress`.
   */
  async addAvatar(form, onProgress, signal) {
    return this.#upload("api/avatars", form, onProgress, signal);
  }

  /** address: as a preparation tells it. */
  async avatar(address) {
    return this.#json(address);
  }

  /** changes: `{name, face, crop, size}`, or some of these. */
  async changeAvatar(id, changes) {
    return this.#json(avatarPath(id), { ...json(changes), method: "PATCH" });
  }

  async deleteAvatar(id) {
    await this.#fetch(avatarPath(id), { method: "DELETE" });
  }

  /** How far the preparation of a video is; address: as it tells it. */
  async preparation(address) {
    return this.#json(address);
  }

  async giveUp(address) {
    await this.#fetch(address, { method: "DELETE" });
  }

  /** A whole clip of one chunk, as a Blob. */
  async clip(request, signal) {
    return this.#blob("api/generate_stream", { ...json(request), signal });
  }

  async deleteVoice(id) {
    await this.#fetch(`api/voices/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  /** Asks for a whole film; returns the job that makes it. */
  async makeFilm(request) {
    return this.#json("api/generate", json(request));
  }

  async job(id, signal) {
    return this.#json(jobPath(id), { signal });
  }

  /** News of a job, as an EventSource. */
  jobEvents({ events }) {
    return new EventSource(`${events}?lang=${this.#language()}`); // which can send no headers
  }

  /** Cancels a job, or deletes its film. */
  async deleteJob(id) {
    await this.#fetch(jobPath(id), { method: "DELETE", keepalive: true }); // the page may be closed right away
  }

  /** A conversation that a script leads. */
  async session(id) {
    return this.#json(sessionPath(id));
  }

  /** What happens in a session after an event, as an EventSource. */
  sessionEvents({ events }, after) {
    return new EventSource(`${events}?after=${after}`);
  }

  /** Tells that a chunk has "begun" or "ended". */
  async heard(id, event, index) {
    const report = json({ event, index });
    await this.#fetch(`${sessionPath(id)}/heard`, { ...report, keepalive: true, signal: AbortSignal.timeout(HURRY) });
  }

  /** Joins clips (Blobs) into one file. */
  async join(clips) {
    const form = new FormData();
    clips.forEach((clip, i) => form.append("clip", clip, `${i}.mp4`));
    return this.#blob("api/join", { method: "POST", body: form });
  }

  async #upload(path, form, onProgress, signal) {
    let answer;
    try {
      answer = await upload(new URL(path, document.baseURI), form, this.#language(), onProgress, signal);
    } catch (error) {
      throw new ConnectionLost(error);
    }
    if (answer.status >= 400) throw refused(answer);
    return answer.body;
  }

  async #blob(path, options) {
    const response = await this.#fetch(path, options);
    try {
      return await response.blob();
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ConnectionLost(error);
    }
  }

  /** Tells that nothing was left to play of what an engine drew. Nobody waits for it, and nobody is told if it fails. */
  reportStall(lips) {
    this.#fetch("api/stalls", json({ lips })).catch(() => {});
  }

  async #json(path, options) {
    const response = await this.#fetch(path, options);
    try {
      return await response.json();
    } catch (error) {
      if (options?.signal?.aborted) throw error;
      throw new ConnectionLost(error);
    }
  }

  async #fetch(path, options = {}) {
    const headers = { ...options.headers, "Accept-Language": this.#language(), Viewer: this.#viewer };
    let response;
    try {
      response = await fetch(new URL(path, document.baseURI), { ...options, headers });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      throw new ConnectionLost(error);
    }
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

function jobPath(id) {
  return `api/jobs/${encodeURIComponent(id)}`;
}

function avatarPath(id) {
  return `api/avatars/${encodeURIComponent(id)}`;
}

function sessionPath(id) {
  return `api/sessions/${encodeURIComponent(id)}`;
}

function json(body) {
  return { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
}

async function* bytesOf(response, signal) {
  const reader = response.body.getReader(); // Safari's streams cannot be iterated with `for await`
  try {
    for (;;) {
      const { value, done } = await within(SILENCE, reader.read());
      if (done) return;
      yield value;
    }
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ConnectionLost(error);
  } finally {
    reader.cancel().catch(() => {}); // whoever stops reading early wants no more of it
  }
}

/** Rejects if a promise takes longer than `seconds`: a connection may die without a word. */
function within(seconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came for ${seconds} s`)), seconds * 1000);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

async function refusal(response) {
  return refused({ status: response.status, headers: response.headers, body: await response.json().catch(() => ({})) });
}

function refused({ status, headers, body }) {
  const detail = body.detail || body.title || String(status);
  return new Refused(status, detail, parseRetryAfter(headers.get("Retry-After")), body.found);
}

/** Seconds from a Retry-After header (RFC 9110: seconds or a date), or null. */
export function parseRetryAfter(value, now = Date.now()) {
  if (!value) return null;
  if (/^\d+$/.test(value.trim())) return Number(value);
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, (date - now) / 1000);
}

/** The length of a clip, or null: its voice is still speaking. */
export function parseFrames(header) {
  return header === null ? null : Number(header);
}

/** "80-420 450-900" → [[80, 420], [450, 900]], milliseconds from the start of the clip. */
export function parseWords(header) {
  return header
    .split(/\s+/)
    .filter(Boolean)
    .map((word) => word.split("-").map(Number));
}
