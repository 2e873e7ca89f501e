// The page that speaks a text at once: puts its parts together.

import { Desk } from "./desk.js";
import { Figures, listEngines } from "./figures.js";
import { $, byName, openPage } from "./page.js";
import { WrittenScript } from "./scripts.js";
import { sentence } from "./sentences.js";
import { Stage } from "./stage.js";
import { INITIAL, Store, isRunning, status } from "./state.js";

const FIGURES_EVERY = 250; // ms

const { words, api } = openPage();
const store = new Store(INITIAL);
const stage = new Stage({ api, words, store, status, onBegin: noteFirst, onBroken: giveUp });
const figures = new Figures(byName("figure-", ["first", "ratio", "ahead", "voice", "lips"]), words);
const desk = new Desk({
  api,
  words,
  onChoice: chosen,
  onOffer: ({ engines }) => listEngines($("engines"), engines, words),
});

let pressed = 0; // when speech was asked for, ms

// From the server to the first sign of life.

async function open() {
  store.update({ phase: "starting" });
  await desk.open();
  await stage.open(desk.avatar);
  store.update({ phase: "idle" });
}

// Speaking.

async function start() {
  const { text, values } = desk;
  $("message").textContent = "";
  if (isRunning(store.state) || !desk.isOpen) return;
  if (!text.trim()) return complain(words.t("text.empty"));
  pressed = performance.now();
  stage.unlock();
  stage.clearCaptions();
  store.update({ ...INITIAL, engines: store.state.engines, ratio: store.state.ratio, phase: "splitting" });
  try {
    await stage.speak(new WrittenScript((signal) => api.split(text, values, signal)), values);
    store.update({ phase: "done" });
  } catch (error) {
    if (error.name === "AbortError") return;
    await stage.stop();
    store.update({ phase: "failed", error: sentence(error, words) });
  }
}

async function stop() {
  if (!isRunning(store.state)) return;
  store.update({ phase: "stopped", trouble: null, held: false });
  await stage.stop();
}

function noteFirst() {
  if (store.state.firstFrame === null) store.update({ firstFrame: (performance.now() - pressed) / 1000 });
}

/** The browser gave up on the video. */
async function giveUp() {
  if (!isRunning(store.state)) return;
  await stage.stop();
  store.update({ phase: "failed", trouble: null, held: false, error: words.t("error.player") });
}

function complain(text) {
  $("message").textContent = text;
}

// What the user sees and does.

function show(state) {
  const running = isRunning(state);
  const focus = document.activeElement === $("start") || document.activeElement === $("stop");
  $("start").hidden = running;
  $("stop").hidden = !running;
  $("start").disabled = state.phase === "starting";
  if (focus && document.activeElement === document.body) $(running ? "stop" : "start").focus();
}

function showFigures() {
  const { engines } = store.state;
  const named = engines && { ...engines, voice: desk.voiceName(engines.voice) };
  figures.show({ ...store.state, engines: named, ahead: stage.ahead });
}

function chosen(name) {
  if (name === "avatar") stop().then(() => stage.change(desk.avatar));
}

function listen() {
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  $("stop").addEventListener("click", stop);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // keys are meant for it
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
    if (event.key === "Escape") stop();
  });
  words.onChange(showFigures);
  setInterval(showFigures, FIGURES_EVERY);
}

/** Read-only, for tests and the curious. */
globalThis.voiceover = {
  get state() {
    return store.state;
  },
  get ahead() {
    return stage.ahead;
  },
  get files() {
    return stage.files;
  },
};

listen();
store.subscribe(show);
open().catch((error) => store.update({ phase: "failed", error: sentence(error, words) }));
