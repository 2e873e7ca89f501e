// The words of the chunk being spoken, the one being said marked.

/** The word said at a moment: the last that has begun, -1 before the first. times: `[[start, stop] in ms]`. */
export function wordAt(times, milliseconds) {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (times[middle][0] <= milliseconds) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

export class Captions {
  #element;
  #clip = null;
  #words = [];
  #said = -1;

  constructor(element) {
    this.#element = element;
  }

  /** Shows where in a clip speech is. */
  show(clip, seconds) {
    if (clip !== this.#clip) this.#write(clip);
    const said = wordAt(clip.words, seconds * 1000);
    if (said === this.#said) return;
    this.#said = said;
    this.#words.forEach((word, i) => {
      word.className = i < said ? "said" : i === said ? "saying" : "";
    });
  }

  clear() {
    this.#clip = null;
    this.#words = [];
    this.#element.replaceChildren();
  }

  /** Nobody speaks: all that stands here has been said. */
  finish() {
    if (this.#said === Infinity) return;
    this.#said = Infinity;
    for (const word of this.#words) word.className = "said";
  }

  #write(clip) {
    this.#clip = clip;
    this.#said = -1;
    this.#words = clip.chunk.text.split(/\s+/).map((text) => {
      const word = document.createElement("span");
      word.textContent = text;
      return word;
    });
    this.#element.replaceChildren(...this.#words.flatMap((word) => [word, " "]));
  }
}
