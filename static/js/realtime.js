// The page that speaks at once: puts its parts together.

import { Captions } from "./captions.js";
import { ChunkList } from "./chunklist.js";
import { Conductor } from "./conductor.js";
import { Desk } from "./desk.js";
import { Figures, listEngines } from "./figures.js";
import { Idle } from "./idle.js";
import { $, byName, openPage } from "./page.js";
import { Player } from "./player.js";
import { stubbornly } from "./retries.js";
import { sentence } from "./sentences.js";
import { Sound } from "./sound.js";
import { INITIAL, Store, isRunning, status } from "./state.js";

const FIGURES_EVERY = 250; // ms
const HOPELESS = 3000; // ms; a browser that gives up again so soon will not do better next time

const { words, api } = openPage();
const store = new Store(INITIAL);

const captions = new Captions($("captions"));
const figures = new Figures(byName("figure-", ["first", "ratio", "ahead", "voice", "lips"]), words);
const desk = new Desk({
  api,
  words,
  onChoice: chosen,
  onOffer: ({ engines }) => listEngines($("engines"), engines, words),
});
const sound = new Sound({ video: $("video"), button: $("mute"), slider: $("volume"), words });
const list = new ChunkList({
  list: $("chunks"),
  strip: $("track"),
  empty: $("chunks-empty"),
  words,
  decide: (choice, index) => conductor[choice](index),
});

let pressed = 0; // when speech was asked for, ms
let recovered = -Infinity; // when the browser last gave up, ms
let conductor = null;
let player = null;

// From the server to the first sign of life.

async function open() {
  player = new Player($("video"), $("curtain"), playerCallbacks(), soundForced());
  conductor = new Conductor({ api, player, onChange: (changes) => store.update(changes) });
  store.update({ phase: "starting" });
  await desk.open();
  await player.open(idleOf(desk.avatar));
  store.update({ phase: "idle" });
}

/** The idle motion of an avatar; it fills up while it is played. */
function idleOf(avatar) {
  $("video").poster = avatar.poster;
  const idle = new Idle(avatar.idle_frames);
  stubbornly(async () => {
    await idle.load(await api.idle(avatar.idle, player.sound), () => player.pump());
  });
  return idle;
}

function soundForced() {
  return { sound: new URLSearchParams(location.search).get("audio") };
}

// Speaking.

async function start() {
  const { text, values } = desk;
  $("message").textContent = "";
  if (isRunning(store.state) || !desk.isOpen) return;
  if (!text.trim()) return complain(words.t("text.empty"));
  pressed = performance.now();
  sound.unlock();
  player.unlock();
  captions.clear();
  store.update({ ...INITIAL, engines: store.state.engines, ratio: store.state.ratio });
  try {
    await conductor.speak(text, values);
    store.update({ phase: "done" });
  } catch (error) {
    if (error.name === "AbortError") return;
    await conductor.stop();
    store.update({ phase: "failed", error: sentence(error, words) });
  }
}

async function stop() {
  if (!isRunning(store.state)) return;
  store.update({ phase: "stopped", trouble: null, held: false });
  await conductor.stop();
}

function playerCallbacks() {
  return {
    isNext: (clip) => conductor.isNext(clip),
    mayBegin: (clip) => conductor.mayBegin(clip),
    onBegin(clip) {
      if (store.state.firstFrame === null) store.update({ firstFrame: (performance.now() - pressed) / 1000 });
      conductor.begun(clip);
    },
    onEnd: (clip) => conductor.ended(clip),
    onFrame: (clip, seconds) => (clip ? captions.show(clip, seconds) : captions.finish()),
    onHold(held) {
      store.update({ held });
      if (held) api.reportStall(store.state.engines.lips);
    },
    onFailure: recover,
  };
}

/** The browser gave up on the video: begins anew with idle motion, unless that is what it cannot play. */
async function recover(error) {
  console.error(error);
  const again = performance.now() - recovered > HOPELESS;
  recovered = performance.now();
  if (isRunning(store.state)) {
    await conductor.stop();
    store.update({ phase: "failed", trouble: null, held: false, error: words.t("error.player") });
  }
  if (again) await player.open(idleOf(desk.avatar));
}

async function download() {
  const label = $("download-label");
  $("download").disabled = true;
  label.textContent = words.t("download.busy");
  try {
    save(await api.join(conductor.files), `voiceover-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.mp4`);
  } catch (error) {
    complain(words.t("download.failed", { error: sentence(error, words) }));
  } finally {
    label.textContent = words.t("download");
    $("download").disabled = false;
  }
}

function save(file, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // the browser may still be reading it
}

function complain(text) {
  $("message").textContent = text;
}

// What the user sees and does.

function show(state) {
  const running = isRunning(state);
  const [key, values] = status(state);
  const line = words.t(key, values);
  if ($("status").textContent !== line) $("status").textContent = line;
  $("status").dataset.phase = state.phase;
  $("screen").dataset.live = state.current >= 0;
  const focus = document.activeElement === $("start") || document.activeElement === $("stop");
  $("start").hidden = running;
  $("stop").hidden = !running;
  $("start").disabled = state.phase === "starting";
  if (focus && document.activeElement === document.body) $(running ? "stop" : "start").focus();
  $("download").disabled = !conductor?.files.length;
  list.show(state);
}

function showFigures() {
  const { engines } = store.state;
  const named = engines && { ...engines, voice: desk.voiceName(engines.voice) };
  figures.show({ ...store.state, engines: named, ahead: player?.ahead ?? 0 });
}

function chosen(name) {
  if (name === "avatar") stop().then(() => player.change(idleOf(desk.avatar)));
}

function translatePage() {
  list.translate(store.state.chunks);
  $("download-label").textContent = words.t("download");
  sound.show();
  showFigures();
  show(store.state);
}

function listen() {
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  $("stop").addEventListener("click", stop);
  $("download").addEventListener("click", download);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // keys are meant for it
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
    if (event.key === "Escape") stop();
  });
  words.onChange(translatePage);
  setInterval(showFigures, FIGURES_EVERY);
}

/** Read-only, for tests and the curious. */
globalThis.voiceover = {
  get state() {
    return store.state;
  },
  get ahead() {
    return player.ahead;
  },
  get files() {
    return conductor.files;
  },
};

listen();
open().catch((error) => store.update({ phase: "failed", error: sentence(error, words) }));
store.subscribe(show);
