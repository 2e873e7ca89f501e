// News of a job, as long as there are any: the browser comes back by itself when the connection breaks off.

import { hasEnded } from "./filmstate.js";
import { pause, retryDelay } from "./retries.js";

const PATIENT = 5; // seconds between attempts to reach a server that is away

export class JobWatch {
  #api;
  #onNews;
  #onLost;
  #onGone;
  #events = null;
  #leaving = new AbortController();

  /** onNews(job); onLost(): no news come at the moment; onGone(): there is no such job (any more). */
  constructor({ api, onNews, onLost, onGone }) {
    this.#api = api;
    this.#onNews = onNews;
    this.#onLost = onLost;
    this.#onGone = onGone;
  }

  /** Watches a job by its id, instead of any other. */
  async follow(id) {
    this.leave();
    const { signal } = (this.#leaving = new AbortController());
    try {
      const job = await this.#find(id, signal);
      this.#onNews(job);
      if (!hasEnded(job)) this.#listen(job, signal);
    } catch (error) {
      if (!signal.aborted) this.#onGone();
    }
  }

  /** Hears no more. */
  leave() {
    this.#leaving.abort();
    this.#events?.close();
  }

  /** Asks for the job until the server answers. */
  async #find(id, signal) {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#api.job(id, signal);
      } catch (error) {
        if (signal.aborted || error.status === 404) throw error;
        this.#onLost();
        await pause(retryDelay(error, attempt) ?? PATIENT, signal);
      }
    }
  }

  #listen(job, signal) {
    const events = (this.#events = this.#api.jobEvents(job));
    events.addEventListener("message", ({ data }) => {
      const news = JSON.parse(data);
      if (hasEnded(news)) events.close();
      this.#onNews(news);
    });
    events.addEventListener("error", () => {
      if (signal.aborted) return;
      this.#onLost();
      // The browser gives up when it is answered, but not with news: the job may be gone.
      if (events.readyState === EventSource.CLOSED) this.follow(job.id);
    });
  }
}
