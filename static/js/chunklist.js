// The chunks of the text and what has become of each: a list to read, and a thin strip under the picture.

const DENSE = 40; // chunks from which on the strip has no room for gaps
const ICONS = { done: "✓", failed: "!", skipped: "–" };

export class ChunkList {
  #list;
  #strip;
  #empty;
  #words;
  #decide;
  #rows = [];
  #texts = "";

  /** decide("retry" | "skip", index): the user has chosen what to do with a chunk that failed. */
  constructor({ list, strip, empty, words, decide }) {
    this.#list = list;
    this.#strip = strip;
    this.#empty = empty;
    this.#words = words;
    this.#decide = decide;
  }

  show({ chunks, current }) {
    const texts = chunks.map(({ text }) => text).join("\n");
    if (texts !== this.#texts) this.#build(chunks);
    this.#texts = texts;
    chunks.forEach((chunk, i) => this.#update(this.#rows[i], chunk));
    if (current >= 0 && this.#list.dataset.current !== String(current)) {
      this.#list.dataset.current = current;
      this.#follow(this.#rows[current].item);
    }
  }

  /** Writes all texts anew after a change of language. */
  translate(chunks) {
    this.#texts = "";
    this.show({ chunks, current: -1 });
  }

  #build(chunks) {
    this.#rows = chunks.map((chunk, i) => this.#row(chunk, i));
    this.#list.replaceChildren(...this.#rows.map(({ item }) => item));
    this.#strip.replaceChildren(...this.#rows.map(({ portion }) => portion));
    this.#strip.classList.toggle("dense", chunks.length > DENSE);
    this.#empty.hidden = chunks.length > 0;
    delete this.#list.dataset.current;
  }

  #row(chunk, i) {
    const item = make("li", "chunk");
    const icon = make("span", "chunk-icon");
    icon.setAttribute("aria-hidden", "true");
    const text = make("span", "chunk-text", chunk.text);
    text.dir = "auto";
    text.lang = chunk.language;
    const state = make("span", "chunk-state");
    const trouble = make("div", "chunk-trouble");
    const error = make("p", "chunk-error");
    const retry = this.#button("retry", "retry", i);
    const skip = this.#button("skip.chunk", "skip", i);
    trouble.append(error, retry, skip);
    item.append(icon, text, state, trouble);
    const portion = make("span", "portion");
    portion.style.flexGrow = chunk.text.length;
    return { item, icon, state, trouble, error, portion, made: null, shown: null };
  }

  #button(key, choice, i) {
    const button = make("button", "small", this.#words.t(key));
    button.type = "button";
    button.setAttribute("aria-label", `${this.#words.t(key)}: ${i + 1}`);
    button.addEventListener("click", () => this.#decide(choice, i));
    return button;
  }

  #update(row, chunk) {
    const made = `${Math.round(chunk.made * 100)}%`;
    if (row.made !== made) for (const element of [row.item, row.portion]) element.style.setProperty("--made", made);
    row.made = made;
    if (row.shown === chunk.state) return;
    row.shown = chunk.state;
    for (const element of [row.item, row.portion]) element.dataset.state = chunk.state;
    row.icon.textContent = ICONS[chunk.state] ?? "";
    row.state.textContent = this.#words.t(`chunk.${chunk.state}`);
    row.trouble.hidden = chunk.state !== "failed";
    row.error.textContent = chunk.error ?? "";
    if (chunk.state === "speaking") row.item.setAttribute("aria-current", "true");
    else row.item.removeAttribute("aria-current");
  }

  /** Keeps a row in sight without moving the page. */
  #follow(item) {
    const { offsetTop, offsetHeight } = item;
    const list = this.#list;
    const above = offsetTop - list.offsetTop - list.clientHeight / 2 + offsetHeight / 2;
    list.scrollTo({ top: above, behavior: matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth" });
  }
}

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
