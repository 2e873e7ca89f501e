import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { clipAt, clipOf } from "../../static/js/cues.js";
import { INITIAL, details, isBusy, percent, status, told } from "../../static/js/filmstate.js";
import { Words } from "../../static/js/i18n.js";

const template = readFileSync(new URL("../../templates/strings.jinja", import.meta.url), "utf8");
const catalogue = JSON.parse(template.slice(template.indexOf("{% set strings = ") + 17, template.lastIndexOf("%}")));
const ru = new Words(catalogue, "ru");
const en = new Words(catalogue, "en");

const JOB = { state: "running", ahead: 0, stage: "picture", chunk: 2, chunks: 5, percent: 40, seconds_left: 75.2, error: null };
const job = (changes) => told({ ...JOB, ...changes });
const line = (state, words = ru) => words.t(...status(state));
const detail = (state, words = ru) => details(state).map((known) => words.t(...known)).join(" · ");

test("every state of a job has its words in both languages", () => {
  const states = [
    INITIAL,
    ...["empty", "sending", "cancelled", "expired"].map((phase) => ({ ...INITIAL, phase })),
    ...["waiting", "running", "done", "cancelled"].map((state) => job({ state })),
    ...["", "speech", "picture"].map((stage) => job({ stage })),
    job({ state: "failed", error: "Почему." }),
  ];
  for (const words of [ru, en]) for (const state of states) assert.ok(line(state, words).length > 3);
  assert.equal(line(job({ state: "failed", error: "Голос не справился." })), "Видео не получилось. Голос не справился.");
});

test("a film that the browser cannot show is told as long as it is there", () => {
  const unplayable = (state) => ({ ...job({ state }), unplayable: true });
  for (const words of [ru, en]) assert.notEqual(line(unplayable("done"), words), line(job({ state: "done" }), words));
  assert.equal(line(unplayable("done")), "Видео готово. Браузер не смог его показать, но его можно скачать.");
  assert.equal(line({ ...unplayable("done"), ...INITIAL, phase: "empty" }), "Здесь появится ваше видео");
});

test("who waits learns how many come first", () => {
  const waiting = { state: "waiting", stage: "", chunk: 0, chunks: 0 };
  assert.equal(line(job({ ...waiting, ahead: 1 }), en), "Waiting: 1 video comes first");
  assert.equal(line(job({ ...waiting, ahead: 3 }), en), "Waiting: 3 videos come first");
  assert.equal(line(job(waiting), en), "About to begin…");
  assert.equal(percent(job(waiting)), null);
});

test("chunk, percentage and time left are told as far as they are known", () => {
  assert.equal(detail(job({})), "чанк 2 из 5 · 40 % · ещё ≈ 1 мин 16 с");
  assert.equal(detail(job({ seconds_left: 0.2 })), "чанк 2 из 5 · 40 % · ещё ≈ 1 с");
  assert.equal(detail(job({ stage: "speech", seconds_left: null })), "чанк 2 из 5 · 40 %");
  assert.equal(detail(job({ stage: "" })), "");
  assert.equal(detail(job({ state: "done" })), "");
});

test("a lost connection is told while there is something to wait for, until news come", () => {
  assert.equal(line({ ...job({}), lost: true }), "Связь прервалась, восстанавливаю…");
  assert.equal(line({ ...job({ state: "done" }), lost: true }), "Видео готово");
  assert.equal(job({}).lost, false);
});

test("the bar stands still only where nothing is being made", () => {
  assert.equal(percent(job({})), 40);
  assert.equal(percent(job({ stage: "" })), null);
  assert.equal(percent({ ...INITIAL, phase: "sending" }), null);
  assert.equal(percent(job({ state: "done" })), 100);
  assert.equal(percent(job({ state: "failed" })), 0);
  const busy = ["starting", "empty", "sending", "waiting", "running", "done", "failed", "cancelled", "expired"].filter((phase) => isBusy({ phase }));
  assert.deepEqual(busy, ["sending", "waiting", "running"]);
});

test("words of a cue are read with their times", () => {
  const text = "<00:00:00.080><c>Tom</c> <00:00:00.400><c>&amp;</c>\n<00:01:01.500><c>&lt;Jerry&gt;</c>";
  const clip = clipOf({ text, endTime: 62 });
  assert.equal(clip.chunk.text, "Tom & <Jerry>");
  assert.deepEqual(clip.words, [[80, 400], [400, 61500], [61500, 62000]]);
  assert.deepEqual(clipOf({ text: "<01:00:00.000><c>late</c>", endTime: 3601 }).words, [[3_600_000, 3_601_000]]);
});

test("the caption read is the last that has begun, from the start the first", () => {
  const clips = [500, 2000].map((start) => ({ words: [[start, start + 100]] }));
  for (const [ms, i] of [[0, 0], [500, 0], [1999, 0], [2000, 1], [9000, 1]]) assert.equal(clipAt(clips, ms), clips[i]);
});
