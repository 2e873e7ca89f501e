// Captions of every script: what is marked while it is said.

import assert from "node:assert/strict";
import { test } from "node:test";

import { captionWords, wordAt } from "../../static/js/captions.js";

const texts = (words) => words.map(({ text }) => text);

test("words between blanks stay whole, with their own times", () => {
  const words = captionWords("Привет, мой друг!", [[0, 400], [450, 600], [600, 900]]);
  assert.deepEqual(texts(words), ["Привет,", "мой", "друг!"]);
  assert.deepEqual(words.map(({ times }) => times), [[0, 400], [450, 600], [600, 900]]);
  assert.ok(words.every(({ spaced }) => spaced));
});

test("right-to-left words stay in their order", () => {
  assert.deepEqual(texts(captionWords("كيف حالك اليوم؟", [[0, 1], [1, 2], [2, 3]])), ["كيف", "حالك", "اليوم؟"]);
});

for (const [name, text, least] of [
  ["Chinese", "我叫小明，我住在北京。", 5],
  ["Japanese", "私の名前は太郎です。", 4],
  ["Quoted Japanese", "「はい」と言った。", 3],
  ["Thai", "สวัสดีครับผมชื่อสมชาย", 3],
]) {
  test(`${name} is marked word by word, though no blank tells where one ends`, () => {
    const words = captionWords(text, [[1000, 3000]]);
    assert.ok(words.length >= least, texts(words).join("|"));
    assert.equal(texts(words).join(""), text, "nothing is lost");
    assert.equal(words[0].times[0], 1000);
    assert.ok(Math.abs(words.at(-1).times[1] - 3000) < 1e-6);
    words.slice(1).forEach(({ times }, i) => assert.equal(times[0], words[i].times[1], "one after another"));
    assert.deepEqual(words.map(({ spaced }) => spaced), [...Array(words.length - 1).fill(false), true]);
    assert.ok(words.every(({ text: piece }) => /\p{Letter}/u.test(piece)), "marks go with the word before");
    assert.equal(wordAt(words.map(({ times }) => times), 2999), words.length - 1);
  });
}

test("a mixed sentence keeps its Latin words and cuts the others", () => {
  const words = captionWords("Python で 書きました。", [[0, 500], [500, 600], [600, 1600]]);
  assert.deepEqual(texts(words).slice(0, 2), ["Python", "で"]);
  assert.ok(words[0].spaced && words[1].spaced);
});

test("words without times are said with the last", () => {
  assert.deepEqual(captionWords("one two", [[0, 500]])[1].times, [0, 500]);
  assert.deepEqual(captionWords("one", [])[0].times, [0, 0]);
});
