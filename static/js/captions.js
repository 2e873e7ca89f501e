// The words of the chunk being spoken, the one being said marked.

const UNSPACED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]/u;

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

/**
 * The words of a caption with their times: `[{text, times, spaced}]`, `spaced` telling whether a blank follows.
 * What is written without blanks is cut into its words, which share the time of the whole by their lengths.
 */
export function captionWords(text, times) {
  return text.trim().split(/\s+/).flatMap((typed, i) => {
    const [start, stop] = times[i] ?? times.at(-1) ?? [0, 0];
    const pieces = UNSPACED.test(typed) ? segments(typed) : [typed];
    const step = (stop - start) / typed.length;
    let at = 0;
    return pieces.map((piece, j) => {
      const begin = start + at * step;
      at += piece.length;
      return { text: piece, times: [begin, start + at * step], spaced: j === pieces.length - 1 };
    });
  });
}

/** The words of a text without blanks, each with the marks after it, the first with those before it, too. */
function segments(text) {
  const pieces = [""];
  let hasWord = false;
  for (const { segment, isWordLike } of new Intl.Segmenter(undefined, { granularity: "word" }).segment(text)) {
    if (isWordLike && hasWord) pieces.push(segment);
    else pieces[pieces.length - 1] += segment;
    hasWord ||= isWordLike;
  }
  return pieces;
}

export class Captions {
  #element;
  #clip = null;
  #words = [];
  #times = [];
  #said = -1;

  constructor(element) {
    this.#element = element;
  }

  /** Shows where in a clip speech is. */
  show(clip, seconds) {
    if (clip !== this.#clip) this.#write(clip);
    const said = wordAt(this.#times, seconds * 1000);
    if (said === this.#said) return;
    this.#said = said;
    this.#words.forEach((word, i) => {
      word.className = i < said ? "said" : i === said ? "saying" : "";
    });
    if (said >= 0) this.#keepInSight(this.#words[said]);
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

  /** Long captions are higher than their place: the line being said stands in its middle. */
  #keepInSight({ offsetTop, offsetHeight }) {
    this.#element.scrollTop = offsetTop - (this.#element.clientHeight - offsetHeight) / 2;
  }

  #write(clip) {
    this.#clip = clip;
    this.#said = -1;
    const pieces = captionWords(clip.chunk.text, clip.words);
    this.#times = pieces.map(({ times }) => times);
    this.#words = pieces.map(({ text }) => {
      const word = document.createElement("span");
      word.textContent = text;
      return word;
    });
    this.#element.scrollTop = 0;
    this.#element.lang = clip.chunk.language;
    this.#element.replaceChildren(...this.#words.flatMap((word, i) => (pieces[i].spaced ? [word, " "] : [word])));
  }
}

/** A switch for captions; what it stands at is remembered. */
export function offerCaptions(button, element) {
  const show = (wanted) => {
    button.setAttribute("aria-pressed", String(wanted));
    element.hidden = !wanted;
  };
  button.addEventListener("click", () => {
    localStorage.setItem("captions", element.hidden ? "on" : "off");
    show(element.hidden);
  });
  show(localStorage.getItem("captions") !== "off");
}
