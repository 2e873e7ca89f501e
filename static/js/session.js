// A conversation that a script leads, as the server tells of it: what is to be said, and until when.

import { pause, retryDelay } from "./retries.js";

const SILENCE = 45; // seconds without a sign of life after which the connection is taken for dead
const PATIENT = 5; // seconds between attempts to reach a server that is away
const NEWS = ["chunk", "interrupt", "closed", "alive"];

export class Session {
  #api;
  #id;
  #handlers;
  #events = null;
  #known = 0; // id of the last event that was heard of
  #silence = null; // timer
  #reports = Promise.resolve(); // they are sent one after another

  /**
   * Handlers: onChunk(chunk), onInterrupt(), onClosed(): the script says, falls silent, ends it;
   * onGone(): the server knows no such session (any more); onAway(away): the server is not reached, is again.
   */
  constructor({ api, id, ...handlers }) {
    this.#api = api;
    this.#id = id;
    this.#handlers = handlers;
  }

  /** Who speaks, and how far: what `GET /api/sessions/<id>` tells, or null if there is no such session. */
  async find() {
    for (let attempt = 0; ; attempt++) {
      try {
        const session = await this.#api.session(this.#id);
        this.#handlers.onAway(false);
        return session;
      } catch (error) {
        if (error.status === 404) return null;
        this.#handlers.onAway(true);
        await pause(retryDelay(error, attempt) ?? PATIENT, new AbortController().signal);
      }
    }
  }

  /** Hears what happens after an event, as long as the session lasts. */
  listen(session, after) {
    this.#known = after;
    this.#events?.close();
    const events = (this.#events = this.#api.sessionEvents(session, after));
    for (const kind of NEWS) events.addEventListener(kind, (event) => this.#hear(kind, event));
    events.addEventListener("open", () => this.#handlers.onAway(false));
    events.addEventListener("error", () => {
      this.#handlers.onAway(true);
      // The browser itself comes back after a broken connection; it gives up where it is answered otherwise.
      if (events.readyState === EventSource.CLOSED) this.#comeBack();
    });
    this.#watchSilence();
  }

  /** Tells how far the page is: "begun" or "ended" with a chunk. A report that is lost does no harm. */
  report(event, index) {
    this.#reports = this.#reports.then(() => this.#api.heard(this.#id, event, index)).catch(() => {});
  }

  #hear(kind, { data, lastEventId }) {
    this.#watchSilence();
    if (lastEventId) this.#known = Number(lastEventId);
    if (kind === "chunk") this.#handlers.onChunk(JSON.parse(data));
    if (kind === "interrupt") this.#handlers.onInterrupt();
    if (kind === "closed") this.#end(this.#handlers.onClosed);
  }

  #watchSilence() {
    clearTimeout(this.#silence);
    this.#silence = setTimeout(() => this.#comeBack(), SILENCE * 1000);
  }

  async #comeBack() {
    this.#events.close();
    clearTimeout(this.#silence);
    const session = await this.find();
    if (session) this.listen(session, this.#known);
    else this.#end(this.#handlers.onGone);
  }

  #end(tell) {
    this.#events.close();
    clearTimeout(this.#silence);
    tell();
  }
}
