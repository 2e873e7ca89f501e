// What every page has: its words, the languages and themes to choose from, and the way to the server.

import { Api } from "./api.js";
import { offerThemes } from "./appearance.js";
import { Words } from "./i18n.js";
import { offerLanguages } from "./languages.js";

export const $ = (id) => document.getElementById(id);

/** The elements of a prefix by the names that follow it. */
export function byName(prefix, names) {
  return Object.fromEntries(names.map((name) => [name, $(prefix + name)]));
}

/** Gives life to the header; returns `{words, api}`. */
export function openPage() {
  const words = new Words(JSON.parse($("strings").textContent), document.documentElement.lang);
  offerLanguages(document.querySelectorAll("[data-ui-language]"), words);
  offerThemes(document.querySelectorAll("[data-theme-choice]"));
  return { words, api: new Api(() => words.language) };
}
