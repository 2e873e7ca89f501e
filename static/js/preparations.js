// Videos on their way to becoming avatars, followed until they are.

import { pause, stubbornly } from "./retries.js";

const EVERY = 0.7; // seconds

export class Preparations {
  #api;
  #onNews;
  #known = new Map(); // id → as the server last told it

  /** onNews(preparation): the server tells something new of one. */
  constructor(api, onNews) {
    this.#api = api;
    this.#onNews = onNews;
  }

  /** Those that are under way or have failed, as the server tells them. */
  get list() {
    return [...this.#known.values()];
  }

  get(id) {
    return this.#known.get(id);
  }

  /** Follows a preparation until it ends. One that is ready leaves the list. */
  async follow(preparation) {
    const { id } = preparation;
    if (this.#runs(id)) return;
    this.#tell(preparation);
    while (this.#runs(id)) {
      await pause(EVERY, new AbortController().signal);
      const news = await this.#ask(preparation);
      if (this.#runs(id)) this.#tell(news);
    }
  }

  /** Forgets a preparation; what is under way is stopped. */
  async drop(id) {
    const preparation = this.#known.get(id);
    this.#known.delete(id);
    if (preparation?.state === "preparing") await this.#api.giveUp(preparation.progress);
  }

  #runs(id) {
    return this.#known.get(id)?.state === "preparing";
  }

  #tell(preparation) {
    if (preparation.state === "ready") this.#known.delete(preparation.id);
    else this.#known.set(preparation.id, preparation);
    this.#onNews(preparation);
  }

  /** A server that was started anew knows nothing of it. */
  #ask(preparation) {
    return stubbornly(async () => {
      try {
        return await this.#api.preparation(preparation.progress);
      } catch (error) {
        if (error.status !== 404) throw error;
        return { ...preparation, state: "failed", error: error.message, found: null };
      }
    });
  }
}
