// The choices of language, voice and lips, from what the server offers.

export const AUTO = "auto";

export class Choices {
  #selects;
  #words;
  #offer = null;
  #wanted = AUTO; // lips that were chosen before it was known which there are

  /** selects: `{language, voice, lips}`; onChange(name): the user has chosen. */
  constructor(selects, words, onChange) {
    this.#selects = selects;
    this.#words = words;
    for (const [name, select] of Object.entries(selects)) {
      select.addEventListener("change", () => {
        if (name === "language") this.#fillVoices();
        onChange(name);
      });
    }
  }

  /** offer: the server's answers, `{voices, engines}`; while engines is null, lips cannot be chosen. */
  open(offer) {
    this.#offer = offer;
    this.#fill(AUTO);
    for (const select of [this.#selects.language, this.#selects.voice]) select.disabled = false;
  }

  /** Offers the lips of `offer.engines`. */
  openLips() {
    const { lips } = this.#selects;
    fill(lips, this.#lips(), lips.disabled ? this.#wanted : lips.value);
    lips.disabled = false;
  }

  /** Writes the names anew after a change of the page's language. */
  translate() {
    if (this.#offer) this.#fill(this.#selects.language.value);
  }

  get values() {
    const values = Object.fromEntries(Object.entries(this.#selects).map(([name, select]) => [name, select.value]));
    return this.#selects.lips.disabled ? { ...values, lips: this.#wanted } : values;
  }

  /** Chooses again what was chosen once, as far as it is still offered. */
  restore(values) {
    this.#wanted = values.lips;
    for (const [name, select] of Object.entries(this.#selects)) {
      if (Array.from(select.options, ({ value }) => value).includes(values[name])) select.value = values[name];
      if (name === "language") this.#fillVoices();
    }
  }

  /** The name of a voice by its id. */
  voiceName(id) {
    const voice = this.#offer.voices.voices.find((known) => known.id === id);
    return voice ? this.#words.nameOf(voice.name) : id;
  }

  /** Chooses an own voice where it can speak the language chosen. */
  chooseOwnVoice(id) {
    const { voices } = this.#offer.voices;
    const theirs = voices.filter(({ own }) => own === id);
    const voice = theirs.find(({ speaks }) => speaks === this.#spoken) ?? (this.#isAuto ? theirs[0] : null);
    if (voice) this.#selects.voice.value = voice.id;
  }

  /** The natural voice that is worth getting for the language spoken, `{language, command}`, or undefined. */
  get better() {
    return this.#offer?.voices.better.find(({ language }) => language === this.#spoken);
  }

  get #isAuto() {
    return this.#selects.language.value === AUTO;
  }

  /** The language chosen; where each sentence tells its own, that of the page. */
  get #spoken() {
    return this.#isAuto ? this.#words.language : this.#selects.language.value;
  }

  #fill(language) {
    fill(this.#selects.language, this.#languages(), language);
    fill(this.#selects.lips, this.#lips(), this.#selects.lips.value || AUTO);
    this.#fillVoices();
  }

  #fillVoices() {
    const { voices, auto } = this.#offer.voices;
    const offered = voices.filter(({ speaks, quality }) =>
      this.#isAuto ? quality !== "formant" : speaks === this.#spoken,
    );
    const chosen = this.#isAuto ? null : offered.find(({ id }) => id === auto[this.#spoken]);
    const options = offered.map((voice) => ({
      value: voice.id,
      label: this.#isAuto ? `${this.#voiceName(voice)}, ${this.#words.languageName(voice.speaks)}` : this.#voiceName(voice),
      disabled: Boolean(voice.fault),
      title: voice.fault,
    }));
    const kept = offered.some(({ id }) => id === this.#selects.voice.value) ? this.#selects.voice.value : AUTO;
    fill(this.#selects.voice, [this.#auto(chosen && this.#voiceName(chosen)), ...options], kept);
  }

  #languages() {
    const own = ["ru", "en"];
    const named = this.#offer.voices.languages.map(({ code }) => ({
      value: code,
      label: this.#words.languageName(code),
    }));
    const rank = ({ value }) => (own.includes(value) ? own.indexOf(value) : own.length);
    named.sort((a, b) => rank(a) - rank(b) || a.label.localeCompare(b.label, this.#words.language));
    return [{ value: AUTO, label: this.#words.t("language.auto") }, ...named];
  }

  #lips() {
    if (!this.#offer.engines) return [this.#auto()];
    const { lips, auto } = this.#offer.engines;
    const options = lips.map(({ name, available, reason }) => ({
      value: name,
      label: available ? name : this.#words.t("unavailable", { name }),
      disabled: !available,
      title: reason ?? "",
    }));
    return [this.#auto(auto.lips), ...options];
  }

  #auto(name) {
    return { value: AUTO, label: name ? this.#words.t("auto.is", { name }) : this.#words.t("auto") };
  }

  #voiceName({ name, quality }) {
    const key = `quality.${quality}`;
    return this.#words.has(key) ? `${this.#words.nameOf(name)}, ${this.#words.t(key)}` : this.#words.nameOf(name);
  }
}

function fill(select, options, value) {
  select.replaceChildren(
    ...options.map(({ value, label, disabled = false, title = "" }) => {
      const option = new Option(label, value);
      option.disabled = disabled;
      option.title = title;
      return option;
    }),
  );
  if (options.some((option) => option.value === value)) select.value = value;
}
