// A place to give a file to: chosen, dropped or made; the progress of sending it, and the verdict on it.

const UNITS = 2 ** 20; // bytes of a megabyte

export class Uploader {
  #zone;
  #input;
  #label;
  #bar;
  #verdict;
  #words;
  #judging;
  #onPick;
  #file = null;

  /**
   * zone: where files may be dropped; input: its file input; label: names the file; bar: a <progress>;
   * verdict: a live region; judging: key of what is told while the server looks at a file that is sent;
   * onPick(file): there is another file, or none.
   */
  constructor({ zone, input, label, bar, verdict, words, judging, onPick }) {
    this.#zone = zone;
    this.#input = input;
    this.#label = label;
    this.#bar = bar;
    this.#verdict = verdict;
    this.#words = words;
    this.#judging = judging;
    this.#onPick = onPick;
    input.addEventListener("change", () => input.files.length && this.take(input.files[0]));
    acceptDrops(zone, (file) => this.take(file));
  }

  get file() {
    return this.#file;
  }

  /** Takes a file, or null to forget the last. */
  take(file) {
    this.#file = file;
    if (!file) this.#input.value = "";
    this.say("", "");
    this.translate();
    this.#onPick(file);
  }

  /** Writes the file's name anew after a change of the page's language. */
  translate() {
    this.#zone.dataset.filled = this.#file !== null;
    const size = this.#file && this.#words.number(this.#file.size / UNITS, 1);
    this.#label.textContent = this.#file
      ? this.#words.t("upload.picked", { name: this.#file.name, size })
      : this.#words.t("upload.drop");
  }

  /** Says what has become of the file. kind: "good", "flawed", "refused" or "". */
  say(kind, text) {
    this.#verdict.dataset.kind = kind;
    this.#verdict.textContent = text;
    if (text) this.#verdict.scrollIntoView({ block: "nearest" });
  }

  /** Shows how far `task(onProgress)` has come, while it runs. */
  async watch(task) {
    this.#bar.hidden = false;
    this.#bar.value = 0;
    this.say("", this.#words.t("upload.sending"));
    try {
      return await task((share) => {
        this.#bar.value = share;
        if (share === 1) this.say("", this.#words.t(this.#judging));
      });
    } finally {
      this.#bar.hidden = true;
    }
  }
}

/** Lets files be dropped on an element, which has `data-over` while one is above it. */
export function acceptDrops(zone, onFile) {
  const over = (on) => (event) => {
    event.preventDefault(); // else the browser would open the file
    zone.dataset.over = on;
  };
  zone.addEventListener("dragover", over(true));
  zone.addEventListener("dragleave", over(false));
  zone.addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files.length) onFile(event.dataTransfer.files[0]);
  });
}
