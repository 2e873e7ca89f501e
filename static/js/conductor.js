// Leads one speech from its first chunk to its last word: asks for clips a little ahead of the listener,
// asks again when the connection breaks, and lets the user decide what cannot be mended.
//
// Where chunks come from is a source's business (scripts.js): a text knows all of them at once, in a
// conversation nobody knows whether there will be another.

import { ConnectionLost } from "./api.js";
import * as buffering from "./buffering.js";
import { Clip } from "./clip.js";
import { pause, retryDelay } from "./retries.js";
import { toSeconds } from "./timeline.js";

const FIRST_DELAY = 0.2; // seconds from a request to its first fragment, until it has been measured

/** A chunk on its way from text to spoken word. */
class Job {
  clip = null;
  requested = null; // when, in seconds
  fate = null; // "speaking", "done", "stopped", "unsaid" or "skipped"
  error = null;
  decide = null; // takes "retry" or "skip" while the user is asked

  constructor(chunk) {
    this.chunk = chunk;
  }

  /** How long it lasts, or null while nobody knows. */
  get seconds() {
    return Number.isFinite(this.clip?.seconds) ? this.clip.seconds : null;
  }

  /** Nothing more will come of it. */
  stop() {
    if (!this.fate) this.clip = null;
    this.fate ??= "unsaid";
    if (this.fate === "speaking") this.fate = "stopped";
    this.error = null;
  }

  get settled() {
    return this.fate === "done" || this.fate === "skipped";
  }

  get state() {
    if (this.fate) return this.fate;
    if (this.error) return "failed";
    if (this.clip?.complete) return "ready";
    return this.requested === null ? "waiting" : "making";
  }
}

export class Conductor {
  #api;
  #player;
  #onChange;
  #source = null;
  #exhausted = true; // the source has no more chunks
  #jobs = []; // in the order of their chunks; those that were spoken longest ago are forgotten
  #abort = null;
  #stopping = null; // the player falling silent
  #watchers = new Set(); // conditions that somebody waits for
  #pace = new buffering.Pace();
  #delay = null; // seconds from a request to its first fragment, as measured
  #inFlight = 0;
  #manner = {};

  /** onChange(changes of the state): see state.js. */
  constructor({ api, player, onChange }) {
    this.#api = api;
    this.#player = player;
    this.#onChange = onChange;
  }

  /**
   * Speaks what a source gives, in a manner `{voice, avatar, lips}`; resolves when the last word is over.
   * Rejects on stop, or if the source fails.
   */
  async speak(source, manner) {
    this.#abort = new AbortController();
    this.#source = source;
    this.#exhausted = false;
    this.#jobs = [];
    this.#manner = manner;
    const { signal } = this.#abort;
    await this.#stopping;
    await Promise.all([this.#collect(signal), this.#requestAll(signal)]);
    await this.#until(() => this.#jobs.every((job) => job.settled), signal);
  }

  /** Gives up at once. */
  stop() {
    this.#abort?.abort(new DOMException("stopped", "AbortError"));
    this.#watchers.clear();
    for (const job of this.#jobs) job.stop();
    this.#onChange(this.#report());
    this.#stopping = this.#player.stop();
    return this.#stopping;
  }

  retry(index) {
    this.#jobOf(index)?.decide?.("retry");
  }

  skip(index) {
    this.#jobOf(index)?.decide?.("skip");
  }

  /** The clips spoken so far, as far as they are remembered, as files. */
  get files() {
    return this.#jobs.filter((job) => job.clip?.file && job.fate).map((job) => job.clip.file);
  }

  // What the player asks and tells.

  isNext(clip) {
    return this.#before(clip).every((job) => job.settled || job.fate === "speaking");
  }

  mayBegin(clip) {
    const outlook = this.#outlook(this.#before(clip).length);
    return buffering.canBegin({ ...outlook, ratio: this.#pace.ratio }) && this.#nextInTime(clip);
  }

  #nextInTime(clip) {
    const next = this.#jobs[this.#before(clip).length + 1];
    if (!next || next.clip) return true;
    const now = seconds();
    const delay = this.#delay ?? FIRST_DELAY;
    return buffering.comesInTime({ speech: clip.seconds, delay, asked: now - (next.requested ?? now) });
  }

  begun(clip) {
    this.#settle(clip, "speaking");
  }

  ended(clip) {
    this.#settle(clip, "done");
  }

  #settle(clip, fate) {
    const job = this.#jobOf(clip.index);
    if (job?.clip !== clip) return; // of a speech that was stopped
    job.fate = fate;
    this.#forget();
    this.changed();
  }

  #forget() {
    const surplus = this.#jobs.filter((job) => job.settled).length - this.#source.remembered;
    if (surplus > 0) this.#jobs.splice(0, surplus);
  }

  #jobOf(index) {
    return this.#jobs.find(({ chunk }) => chunk.index === index);
  }

  /** The jobs before a clip's. */
  #before({ index }) {
    return this.#jobs.filter(({ chunk }) => chunk.index < index);
  }

  /** Something happened that somebody may wait for. */
  changed() {
    for (const watcher of [...this.#watchers]) watcher();
    this.#player.expected = this.#jobs.some((job) => !job.clip && !job.settled);
    if (this.#jobs.length && !this.#abort.signal.aborted) this.#onChange(this.#report());
  }

  // Asking for chunks and for their clips.

  async #collect(signal) {
    for (let chunks; (chunks = await this.#persist(() => this.#source.next(signal), signal)); ) {
      this.#jobs.push(...chunks.map((chunk) => new Job(chunk)));
      this.#onChange({ phase: "working" });
      this.changed();
    }
    this.#exhausted = true;
    this.changed();
  }

  async #requestAll(signal) {
    for (let job; (job = await this.#until(() => this.#due(), signal)); ) {
      job.requested = seconds();
      this.#make(job, signal).catch((error) => this.#fail(error, signal));
    }
  }

  /** The job whose clip is to be asked for; null if all have been, undefined while it is too early. */
  #due() {
    const i = this.#jobs.findIndex((job) => !job.settled && job.requested === null);
    if (i < 0) return this.#exhausted ? null : undefined;
    return this.#mayRequest(i) ? this.#jobs[i] : undefined;
  }

  /** Ends the speech whose signal this is; what comes after a stop is of no interest. */
  #fail(error, signal) {
    if (!signal.aborted) this.#abort.abort(error); // then the signal is that of the speech under way
  }

  #mayRequest(i) {
    const previous = this.#jobs[i - 1];
    const unheard = this.#jobs.slice(0, i).filter((job) => !job.settled);
    return buffering.mayRequest({
      inFlight: this.#inFlight,
      lastMade: !previous || previous.settled ? 1 : (previous.clip?.made ?? 0),
      ahead: unheard.reduce((sum, job) => sum + (job.seconds ?? 0), 0),
      needed: buffering.bufferNeeded(this.#pace.ratio ?? 0, this.#outlook(i).remaining),
    });
  }

  /** Makes a chunk, however often it takes; leaves it to the user what cannot be made. */
  async #make(job, signal) {
    for (;;) {
      try {
        return await this.#persist(() => this.#receive(job, signal), signal, () => job.clip?.fragmentsReceived);
      } catch (error) {
        signal.throwIfAborted();
        if (job.clip) this.#player.abandon(job.clip);
        job.clip = null;
        job.fate = null;
        job.error = error;
        if ((await this.#decision(job, signal)) === "skip") return;
      }
    }
  }

  /** Streams a chunk's clip to the player; goes on with a clip that broke off. */
  async #receive(job, signal) {
    this.#inFlight += 1;
    try {
      const asked = seconds();
      const place = job.clip ?? this.#placeFor(job);
      const answer = await this.#api.generate(this.#request(job, place), signal);
      this.#admit(job, place, answer, asked);
      let known = job.clip.fragmentsReceived;
      for await (const part of answer.parts) {
        if (part.init) {
          if (!job.clip.init) job.clip.start(part.init);
        } else if (known > 0) known -= 1;
        else this.#add(job.clip, part, asked);
      }
      job.clip.end();
      if (!job.clip.complete) throw new ConnectionLost();
      this.#player.pump();
    } finally {
      this.#inFlight -= 1;
      if (this.#inFlight === 0) this.#pace.rest();
      this.changed();
    }
  }

  #admit(job, { pose, follows, continues }, { frames, words, voice, lips, weights }, asked) {
    if (job.clip && job.clip.frames !== (frames ?? Infinity)) throw new Error("the clip changed while it was being received");
    if (job.clip) return;
    job.clip = new Clip({ chunk: job.chunk, pose, frames, words, follows, continues });
    if (frames !== null) this.#pace.prepared(seconds() - asked, job.clip.seconds);
    else this.#pace.made(0, asked); // its voice has been at work since then
    this.#player.enqueue(job.clip);
    this.#onChange({ engines: { voice, lips, weights } });
    this.changed();
  }

  #add(clip, fragment, asked) {
    clip.add(fragment);
    if (clip.fragmentsReceived === 1) this.#measureDelay(seconds() - asked);
    this.#pace.made(toSeconds(fragment.frames), seconds());
    this.#player.pump();
    this.changed();
  }

  #measureDelay(delay) {
    this.#delay = this.#delay === null ? delay : (this.#delay + delay) / 2;
  }

  #request(job, { pose, follows, continues }) {
    const { voice, avatar, lips } = this.#manner;
    const { text, index, language, pause: silence } = job.chunk;
    const place = { start_frame: pose, follows, continues, pause: silence };
    const manner = { voice, avatar, lips, audio: this.#player.sound, stream: true };
    return { text, language, chunk_index: index, ...place, ...manner };
  }

  /**
   * Where a chunk belongs: where the one before it ends, if that lasts so long; else in idle motion.
   * One that is the last for now ends at rest, and whatever comes after it begins at rest.
   */
  #placeFor(job) {
    const before = this.#before(job.chunk).findLast((other) => other.fate !== "skipped");
    const heard = !before?.clip || before.fate === "done";
    const pose = this.#player.planPose(this.#delay ?? FIRST_DELAY, heard ? null : before.clip);
    const follows = !heard && before.clip.continues && pose === before.clip.nextPose;
    return { pose, follows, continues: job !== this.#jobs.at(-1) };
  }

  /** Repeats what fails for a while; progress(): a number that grows as long as repeating helps. */
  async #persist(task, signal, progress = () => 0) {
    let attempt = 0;
    let reached = progress();
    for (;;) {
      try {
        return await task();
      } catch (error) {
        signal.throwIfAborted();
        if (progress() !== reached) attempt = 0;
        reached = progress();
        const delay = retryDelay(error, attempt++);
        if (delay === null) throw error;
        this.#onChange({ trouble: { kind: error.status ? "busy" : "lost", delay } });
        await pause(delay, signal);
        this.#onChange({ trouble: null });
      }
    }
  }

  /** What to do about a chunk that failed: as the user says, or its source. */
  async #decision(job, signal) {
    const asked = new Promise((resolve) => (job.decide = resolve));
    this.changed();
    const choice = await unlessAborted(Promise.race([asked, this.#source.decide?.(job.error, signal) ?? asked]), signal);
    job.decide = null;
    job.error = null;
    if (choice === "skip") job.fate = "skipped";
    this.changed();
    return choice;
  }

  /** Resolves with what the condition gives, as soon as that is not undefined or false; looked at after every change. */
  #until(condition, signal) {
    let watcher;
    const met = new Promise((resolve) => {
      watcher = () => {
        const value = condition();
        if (value !== undefined && value !== false) resolve(value);
      };
      this.#watchers.add(watcher);
      watcher();
    });
    return unlessAborted(met, signal).finally(() => this.#watchers.delete(watcher));
  }

  // What is known of what lies ahead.

  /** From the i-th chunk on: seconds that lie ready in a row, seconds in all, and whether these are the same. */
  #outlook(i) {
    const jobs = this.#jobs.slice(i).filter((job) => job.fate !== "skipped");
    const lengths = this.#jobs.map(({ chunk, seconds }) => ({ text: chunk.text, seconds }));
    const remaining = buffering.estimateSpeech(lengths) - buffering.estimateSpeech(lengths.slice(0, i));
    let buffered = 0;
    for (const { clip } of jobs) {
      if (clip) buffered += clip.secondsReceived;
      if (!clip?.complete) return { buffered, remaining, complete: false };
    }
    return { buffered, remaining, complete: true };
  }

  #report() {
    const current = this.#jobs.findIndex((job) => job.fate === "speaking");
    const next = this.#jobs.findIndex((job) => !job.fate);
    const waiting = current < 0 && next >= 0 && this.#jobs[next].clip !== null && this.#pace.sure;
    return {
      chunks: this.#jobs.map((job) => ({
        chunk: job.chunk,
        state: job.state,
        made: job.clip?.made ?? 0,
        seconds: job.seconds,
        error: job.error?.message ?? null,
      })),
      current,
      begun: this.#jobs.some(({ fate }) => fate === "speaking" || fate === "done"),
      wait: waiting ? buffering.waitBeforeSpeech({ ...this.#outlook(next), ratio: this.#pace.ratio }) : 0,
      ratio: this.#pace.ratio,
    };
  }
}

/** What a promise comes to, unless the signal aborts before. */
function unlessAborted(promise, signal) {
  signal.throwIfAborted();
  return new Promise((resolve, reject) => {
    const stop = () => reject(signal.reason);
    signal.addEventListener("abort", stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", stop));
  });
}

function seconds() {
  return performance.now() / 1000;
}
