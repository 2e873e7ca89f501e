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
    this.#write("lips", engines ? this.#lips(engines) : none);
  }

  #lips({ lips, weights }) {
    return weights ? `${lips}: ${this.#words.t(`weights.${weights}`)}` : lips;
  }

  #write(name, text) {
    if (this.#fields[name].textContent !== text) this.#fields[name].textContent = text;
  }
}

/** Lists engines: how fast those are that were measured, and what brings those that are missing. */
export function listEngines(element, { speech, lips }, words) {
  const line = (kind) => (engine) => {
    const item = document.createElement("li");
    item.dataset.available = engine.available;
    const title = document.createElement("strong");
    title.textContent = `${words.t(`engines.${kind}`)}: ${engine.name}`;
    item.append(title, " ", ...describe(engine, words));
    return item;
  };
  element.replaceChildren(...speech.map(line("speech")), ...lips.map(line("lips")));
}

/** What is said of an engine, as strings and elements: the command that brings it stands out. */
function describe({ available, reason, command, rate }, words) {
  if (!available && command) {
    const code = document.createElement("code");
    code.textContent = command;
    return [reason.replace(command, ""), code];
  }
  if (reason) return [reason];
  const works = words.t("engines.available");
  return [rate === null ? works : `${works}, ${words.t("engines.rate", { n: words.number(rate, 0) })}`];
}
