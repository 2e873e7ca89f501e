import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { parseFrames, parseRetryAfter, parseWords } from "../../static/js/api.js";
import { wordAt } from "../../static/js/captions.js";
import { Words } from "../../static/js/i18n.js";
import { retryDelay } from "../../static/js/retries.js";
import { INITIAL, Store, measure, status } from "../../static/js/state.js";

const template = readFileSync(new URL("../../templates/strings.jinja", import.meta.url), "utf8");
const catalogue = JSON.parse(template.slice(template.indexOf("{% set strings = ") + 17, template.lastIndexOf("%}")));

test("every text is there in every language, with the same blanks", () => {
  const blanks = (text) => [...new Set(JSON.stringify(text).match(/\{\w+\}/g))].sort();
  assert.deepEqual(Object.keys(catalogue.ru), Object.keys(catalogue.en));
  for (const key of Object.keys(catalogue.ru)) assert.deepEqual(blanks(catalogue.ru[key]), blanks(catalogue.en[key]), key);
});

test("the statuses are worded as the product describes them", () => {
  const words = new Words(catalogue, "ru");
  const chunks = ["making", "waiting", "waiting"].map((state) => ({ state }));
  const line = (changes) => words.t(...status({ ...INITIAL, chunks, ...changes }));
  assert.equal(line({ phase: "splitting" }), "✂️ Разбивка текста на чанки...");
  assert.equal(line({ phase: "working" }), "🎬 Обработка чанка 1/3...");
  assert.equal(line({ phase: "working", begun: true, current: 0 }), "🎬 Аватар начинает говорить...");
  assert.equal(line({ phase: "done" }), "✅ Все чанки обработаны!");
  assert.equal(line({ phase: "working", wait: 3.2 }), "⏳ Буферизация… речь начнётся через 4 с");
});

test("a chunk that failed is named when its turn has come", () => {
  const working = { ...INITIAL, phase: "working", begun: true };
  const line = (first, current) => status({ ...working, current, chunks: [{ state: first }, { state: "failed" }] });
  assert.equal(line("ready", -1)[0], "status.speaking");
  assert.equal(line("speaking", 0)[0], "status.begins");
  assert.deepEqual(line("done", -1), ["status.chunkFailed", { k: 2, n: 2 }]);
});

test("plural forms follow the language", () => {
  const ru = new Words(catalogue, "ru");
  assert.deepEqual([1, 2, 5, 21].map((n) => ru.t("text.words", { n })), ["1 слово", "2 слова", "5 слов", "21 слово"]);
  const en = new Words(catalogue, "en");
  assert.deepEqual([1, 2].map((n) => en.t("text.words", { n })), ["1 word", "2 words"]);
  assert.throws(() => en.t("no.such.key"), /no\.such\.key/);
});

test("the word being said is the last that has begun", () => {
  const times = [[80, 420], [450, 900], [900, 1000]];
  const cases = [[0, -1], [79, -1], [80, 0], [430, 0], [450, 1], [900, 2], [5000, 2]];
  for (const [ms, word] of cases) assert.equal(wordAt(times, ms), word, `${ms} ms`);
  assert.equal(wordAt([], 100), -1);
});

test("word times are read from their header", () => {
  assert.equal(parseFrames("75"), 75);
  assert.equal(parseFrames(null), null);
  assert.deepEqual(parseWords("80-420 450-900"), [[80, 420], [450, 900]]);
  assert.deepEqual(parseWords(""), []);
});

test("a server may say when to come back in seconds or by date", () => {
  assert.equal(parseRetryAfter("7"), 7);
  assert.equal(parseRetryAfter(null), null);
  assert.equal(parseRetryAfter("soon"), null);
  const now = Date.parse("2030-01-01T00:00:00Z");
  assert.equal(parseRetryAfter("Tue, 01 Jan 2030 00:00:09 GMT", now), 9);
});

test("what may pass is tried again a few times, later and later; what cannot is not", () => {
  const lost = { temporary: true };
  const delays = [0, 1, 2, 3].map((attempt) => retryDelay(lost, attempt));
  assert.deepEqual(delays, delays.toSorted((a, b) => a - b));
  assert.equal(retryDelay(lost, 4), null);
  assert.equal(retryDelay({ temporary: false }, 0), null);
  assert.equal(retryDelay({ temporary: true, retryAfter: 9 }, 0), 9);
  assert.equal(retryDelay({ temporary: true, retryAfter: 900 }, 0), null);
});

test("a text is measured in words, characters and seconds", () => {
  assert.deepEqual(measure("  "), { words: 0, characters: 0, seconds: 0 });
  assert.deepEqual(measure(" два  слова ", 0.1), { words: 2, characters: 10, seconds: 1 });
});

test("subscribers hear of every change until they leave", () => {
  const store = new Store({ n: 0 });
  const heard = [];
  const leave = store.subscribe(({ n }) => heard.push(n));
  store.update({ n: 1 });
  leave();
  store.update({ n: 2 });
  assert.deepEqual(heard, [0, 1]);
  assert.equal(store.state.n, 2);
});
