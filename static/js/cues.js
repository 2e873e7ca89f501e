// The words of WebVTT cues and their times.

import { wordAt } from "./captions.js";

const WORD = /<(?:(\d+):)?(\d\d):(\d\d\.\d{3})><c>([^<]*)<\/c>/g;
const ENTITIES = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };

/**
 * A cue as the captions take a clip: the words of its text, `[[start, stop] in ms]` of the film.
 * cue: `{text, endTime}`, each word of its text with a time before it; a word lasts until the next begins.
 */
export function clipOf({ text, endTime }) {
  const said = [...text.matchAll(WORD)].map(([, hours = 0, minutes, seconds, word]) => ({
    text: word.replace(/&(amp|lt|gt);/g, (entity) => ENTITIES[entity]),
    start: Math.round((hours * 3600 + minutes * 60 + Number(seconds)) * 1000),
  }));
  const words = said.map(({ start }, i) => [start, said[i + 1]?.start ?? Math.round(endTime * 1000)]);
  return { chunk: { text: said.map((word) => word.text).join(" "), language: "" }, words };
}

/** The clip of which the words are read at a moment: the last that has begun, or the first. */
export function clipAt(clips, milliseconds) {
  const begun = wordAt(clips.map(({ words }) => words[0]), milliseconds);
  return clips[Math.max(begun, 0)];
}
