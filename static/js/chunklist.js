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
  #current = null; // the row that was last kept in sight

  /** decide("retry" | "skip", index): the user has chosen what to do with a chunk that failed. */
  constructor({ list, strip, empty, words, decide }) {
    this.#list = list;
    this.#strip = strip;
    this.#empty = empty;
    this.#words = words;
    this.#decide = decide;
  }

  /** chunks: those of a new text, or those of before, some of which are gone and others have come. */
  show({ chunks, current }) {
    this.#sweep(chunks);
    for (const { chunk } of chunks.slice(this.#rows.length)) this.#append(chunk);
    chunks.forEach((chunk, i) => this.#update(this.#rows[i], chunk));
    this.#strip.classList.toggle("dense", chunks.length > DENSE);
    this.#empty.hidden = chunks.length > 0;
    this.#list.tabIndex = chunks.length > 0 ? 0 : -1; // it is scrolled by keys, too
    const row = this.#rows[current];
    if (row && row !== this.#current) this.#follow(row.item);
    if (row) this.#current = row;
  }

  /** Writes all texts anew after a change of language. */
  translate(chunks) {
    this.#sweep([]);
    this.show({ chunks, current: -1 });
  }

  /** Takes away the rows of chunks that are gone. */
  #sweep(chunks) {
    const gone = this.#rows.findIndex(({ chunk }) => chunk === chunks[0]?.chunk);
    const left = gone < 0 ? this.#rows.length : gone;
    for (const { item, portion } of this.#rows.splice(0, left)) {
      item.remove();
      portion.remove();
    }
  }

  #append(chunk) {
    const row = this.#row(chunk);
    this.#rows.push(row);
    this.#list.append(row.item);
    this.#strip.append(row.portion);
  }

  #row(chunk) {
    const item = make("li", "chunk");
    const icon = make("span", "chunk-icon");
    icon.setAttribute("aria-hidden", "true");
    const text = make("span", "chunk-text", chunk.text);
    text.dir = "auto";
    text.lang = chunk.language;
    const state = make("span", "chunk-state");
    const trouble = make("div", "chunk-trouble");
    const error = make("p", "chunk-error");
    const retry = this.#button("retry", "retry", chunk.index);
    const skip = this.#button("skip.chunk", "skip", chunk.index);
    trouble.append(error, retry, skip);
    item.append(icon, text, state, trouble);
    const portion = make("span", "portion");
    portion.style.flexGrow = chunk.text.length;
    return { chunk, item, icon, state, trouble, error, portion, made: null, shown: null };
  }

  #button(key, choice, index) {
    const button = make("button", "small", this.#words.t(key));
    button.type = "button";
    button.setAttribute("aria-label", `${this.#words.t(key)}: ${index + 1}`);
    button.addEventListener("click", () => this.#decide(choice, index));
    return button;
  }

  #update(row, { state, made: share, error }) {
    const made = `${Math.round(share * 100)}%`;
    if (row.made !== made) for (const element of [row.item, row.portion]) element.style.setProperty("--made", made);
    row.made = made;
    if (row.shown === state) return;
    row.shown = state;
    for (const element of [row.item, row.portion]) element.dataset.state = state;
    row.icon.textContent = ICONS[state] ?? "";
    row.state.textContent = this.#words.t(`chunk.${state}`);
    row.trouble.hidden = state !== "failed";
    row.error.textContent = error ?? "";
    if (state === "speaking") row.item.setAttribute("aria-current", "true");
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
