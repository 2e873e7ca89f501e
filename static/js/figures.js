// Figures for the curious, and which engines there are.

export class Figures {
  #fields;
  #words;

  /** fields: elements by name: first, ratio, ahead, voice, lips. */
  constructor(fields, words) {
    this.#fields = fields;
    this.#words = words;
  }

  show({ firstFrame, ratio, ahead, engines }) {
    const none = this.#words.t("none");
    const seconds = (value, digits) => this.#words.t("seconds", { n: this.#words.number(value, digits) });
    this.#write("first", firstFrame === null ? none : seconds(firstFrame, 2));
    this.#write("ratio", ratio === null ? none : `${this.#words.number(ratio, 2)}×`);
    this.#write("ahead", seconds(ahead, 1));
    this.#write("voice", engines?.voice ?? none);
    this.#write("lips", engines?.lips ?? none);
  }

  #write(name, text) {
    if (this.#fields[name].textContent !== text) this.#fields[name].textContent = text;
  }
}

/** Lists engines with the reason why one is not available. */
export function listEngines(element, { speech, lips }, words) {
  const line = (kind) => ({ name, available, reason }) => {
    const item = document.createElement("li");
    item.dataset.available = available;
    const title = document.createElement("strong");
    title.textContent = `${words.t(`engines.${kind}`)}: ${name}`;
    item.append(title, ` ${available ? words.t("engines.available") : (reason ?? "")}`);
    return item;
  };
  element.replaceChildren(...speech.map(line("speech")), ...lips.map(line("lips")));
}
