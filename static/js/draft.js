// The text as it is being written: how long it is, and an example to begin with.

import { measure } from "./state.js";

export class Draft {
  #field;
  #count;
  #words;

  constructor({ field, count, words }) {
    this.#field = field;
    this.#count = count;
    this.#words = words;
    field.addEventListener("input", () => this.translate());
    this.translate();
  }

  get text() {
    return this.#field.value;
  }

  set text(text) {
    this.#field.value = text;
    this.translate();
  }

  /** Writes the count anew. */
  translate() {
    const { words: number, characters, seconds } = measure(this.text);
    const minutes = Math.floor(seconds / 60);
    const length = minutes ? ["text.minutes", { m: minutes, n: seconds % 60 }] : ["text.seconds", { n: seconds }];
    const counted = [["text.words", { n: number }], ["text.characters", { n: characters }], length];
    this.#count.replaceChildren(
      ...counted.map(([key, values], i) => {
        const part = document.createElement("span");
        part.textContent = (i ? " · " : "") + this.#words.t(key, values);
        return part;
      }),
    );
  }

  /** Puts the example in another language, unless the user has written something. */
  suggestExample(language) {
    const examples = this.#words.everywhere("example");
    if (Object.values(examples).includes(this.text.trim()) && examples[language]) this.text = examples[language];
  }
}
