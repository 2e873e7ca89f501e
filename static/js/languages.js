// The choice of the page's language: remembered, and told to all who listen to the words.

import { translate } from "./i18n.js";

export function offerLanguages(buttons, words) {
  words.onChange(() => {
    document.cookie = `lang=${words.language}; path=/; max-age=31536000; samesite=lax`;
    document.documentElement.lang = words.language;
    document.title = `${words.t(document.documentElement.dataset.title)} · Voiceover`;
    translate(document, words);
    for (const button of buttons) {
      button.setAttribute("aria-pressed", String(button.dataset.uiLanguage === words.language));
    }
  });
  for (const button of buttons) button.addEventListener("click", () => words.choose(button.dataset.uiLanguage));
}
