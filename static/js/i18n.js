// The page's words in the language chosen. The catalogue comes with the page (templates/strings.jinja).

export class Words {
  #catalogue;
  #language;
  #listeners = new Set();

  /** catalogue: `{language: {key: text or {plural form: text}}}`. */
  constructor(catalogue, language) {
    this.#catalogue = catalogue;
    this.#language = language;
  }

  get language() {
    return this.#language;
  }

  /** Calls back when the language changes. */
  onChange(listener) {
    this.#listeners.add(listener);
  }

  choose(language) {
    this.#language = language;
    for (const listener of this.#listeners) listener();
  }

  has(key) {
    return key in this.#catalogue[this.#language];
  }

  /** The text of a key, `{name}` filled in from `values`; `values.n` chooses the plural form. */
  t(key, values = {}) {
    let text = this.#catalogue[this.#language][key];
    if (text === undefined) throw new Error(`no text for ${key} in ${this.#language}`);
    if (typeof text === "object") text = text[new Intl.PluralRules(this.#language).select(values.n)] ?? text.other;
    return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  }

  /** The text of a key in every language: `{language: text}`. */
  everywhere(key) {
    return Object.fromEntries(Object.entries(this.#catalogue).map(([language, texts]) => [language, texts[key]]));
  }

  number(value, digits = 0) {
    const format = { minimumFractionDigits: digits, maximumFractionDigits: digits };
    return new Intl.NumberFormat(this.#language, format).format(value);
  }

  /** A name as the server tells it: by language, or the same in all. */
  nameOf(name) {
    return typeof name === "string" ? name : (name[this.#language] ?? name.en);
  }

  /** The name of a language, in the page's language. */
  languageName(code) {
    try {
      return new Intl.DisplayNames(this.#language, { type: "language" }).of(code);
    } catch {
      return code;
    }
  }
}

/** Puts the texts into the elements that name their keys: `data-t`, `data-t-label`, `-title`, `-placeholder`, `-empty`, `-alt`. */
export function translate(root, words) {
  const attributes = { tLabel: "aria-label", tTitle: "title", tPlaceholder: "placeholder", tEmpty: "data-empty", tAlt: "alt" };
  for (const element of root.querySelectorAll("[data-t]")) element.textContent = words.t(element.dataset.t);
  for (const [key, attribute] of Object.entries(attributes)) {
    const name = key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
    for (const element of root.querySelectorAll(`[data-${name}]`)) {
      element.setAttribute(attribute, words.t(element.dataset[key]));
    }
  }
}
