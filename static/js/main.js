// The page: puts the parts together.

import { Api, ConnectionLost, Refused } from "./api.js";
import { offerThemes } from "./appearance.js";
import { Captions } from "./captions.js";
import { Choices } from "./choices.js";
import { ChunkList } from "./chunklist.js";
import { Conductor } from "./conductor.js";
import { Figures, listEngines } from "./figures.js";
import { Words, translate } from "./i18n.js";
import { Idle } from "./idle.js";
import { OwnVoices } from "./ownvoices.js";
import { Player } from "./player.js";
import { pause, retryDelay } from "./retries.js";
import { Sound } from "./sound.js";
import { Unplayable } from "./source.js";
import { INITIAL, Store, isRunning, measure, status } from "./state.js";

const FIGURES_EVERY = 250; // ms
const HOPELESS = 3000; // ms; a browser that gives up again so soon will not do better next time

const $ = (id) => document.getElementById(id);
const catalogue = JSON.parse($("strings").textContent);
const words = new Words(catalogue, document.documentElement.lang);
const api = new Api(() => words.language);
const store = new Store(INITIAL);

const captions = new Captions($("captions"));
const figures = new Figures(byName("figure-", ["first", "ratio", "ahead", "voice", "lips"]), words);
const choices = new Choices(byName("", ["language", "voice", "avatar", "lips"]), words, chosen);
const sound = new Sound({ video: $("video"), button: $("mute"), slider: $("volume"), words });
const list = new ChunkList({
  list: $("chunks"),
  strip: $("track"),
  empty: $("chunks-empty"),
  words,
  decide: (choice, index) => conductor[choice](index),
});
const OWN_PARTS = [
  ...["open", "dialog", "close", "missing", "command", "form", "zone", "input", "label", "record", "recording", "meter"],
  ...["clock", "listen", "name", "consent", "save", "bar", "verdict", "empty", "list"],
];
const ownVoices = new OwnVoices({ parts: byName("own-", OWN_PARTS), words, api, sentence, onChange: refreshVoices });

let offer = null; // what the server offers: {avatars, voices, engines}
let pressed = 0; // when speech was asked for, ms
let recovered = -Infinity; // when the browser last gave up, ms
let conductor = null;
let player = null;

// From the server to the first sign of life.

async function open() {
  player = new Player($("video"), $("curtain"), playerCallbacks(), soundForced());
  conductor = new Conductor({ api, player, onChange: (changes) => store.update(changes) });
  store.update({ phase: "starting" });
  const [avatars, voices, engines] = await Promise.all([
    stubbornly(() => api.avatars()),
    stubbornly(() => api.voices()),
    stubbornly(() => api.engines()),
  ]);
  offer = { avatars, voices, engines };
  choices.open(offer);
  showBetterVoice();
  listEngines($("engines"), engines, words);
  ownVoices.show(voices);
  await player.open(idleOf(choices.avatar));
  store.update({ phase: "idle" });
}

/** Asks until there is an answer. */
async function stubbornly(task) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await task();
    } catch (error) {
      await pause(retryDelay(error, Math.min(attempt, 3)) ?? 5, new AbortController().signal);
    }
  }
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
  const text = $("text").value;
  $("message").textContent = "";
  if (isRunning(store.state) || !offer) return;
  if (!text.trim()) return complain(words.t("text.empty"));
  pressed = performance.now();
  sound.unlock();
  player.unlock();
  captions.clear();
  store.update({ ...INITIAL, engines: store.state.engines, ratio: store.state.ratio });
  try {
    await conductor.speak(text, choices.values);
    store.update({ phase: "done" });
  } catch (error) {
    if (error.name === "AbortError") return;
    await conductor.stop();
    store.update({ phase: "failed", error: sentence(error) });
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
    onHold: (held) => store.update({ held }),
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
  if (again) await player.open(idleOf(choices.avatar));
}

async function download() {
  const label = $("download-label");
  $("download").disabled = true;
  label.textContent = words.t("download.busy");
  try {
    save(await api.join(conductor.files), `voiceover-${new Date().toISOString().slice(0, 19).replaceAll(":", "-")}.mp4`);
  } catch (error) {
    complain(words.t("download.failed", { error: sentence(error) }));
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

function sentence(error) {
  if (error instanceof Refused) return error.message;
  if (error instanceof ConnectionLost) return words.t("error.lost");
  if (error instanceof Unplayable) return words.t("error.unplayable");
  return words.t("error.internal", { error: error.message });
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
  const named = engines && { ...engines, voice: choices.voiceName(engines.voice) };
  figures.show({ ...store.state, engines: named, ahead: player?.ahead ?? 0 });
}

/** Tells where only a robotic voice speaks, and what brings a natural one. */
function showBetterVoice() {
  const { better } = choices;
  $("better").hidden = !better;
  if (!better) return;
  const command = document.createElement("code");
  command.textContent = better.command;
  $("better").replaceChildren(words.t("better", { language: words.languageName(better.language) }), " ", command);
}

function showCount() {
  const { words: number, characters, seconds } = measure($("text").value);
  const minutes = Math.floor(seconds / 60);
  const length = minutes ? ["text.minutes", { m: minutes, n: seconds % 60 }] : ["text.seconds", { n: seconds }];
  $("count").textContent = [
    words.t("text.words", { n: number }),
    words.t("text.characters", { n: characters }),
    words.t(...length),
  ].join(" · ");
}

function chosen(name) {
  if (name === "avatar") stop().then(() => player.change(idleOf(choices.avatar)));
  if (name === "language") suggestExample(choices.values.language);
  showBetterVoice();
}

/** Puts the example in another language, unless the user has written something. */
function suggestExample(language) {
  const examples = Object.values(catalogue).map(({ example }) => example);
  if (examples.includes($("text").value.trim()) && catalogue[language]) {
    $("text").value = catalogue[language].example;
    showCount();
  }
}

function chooseLanguage(language) {
  document.cookie = `lang=${language}; path=/; max-age=31536000; samesite=lax`;
  document.documentElement.lang = language;
  words.choose(language);
  document.title = `${words.t("title")} · Voiceover`;
  translate(document, words);
  choices.translate();
  if (offer) ownVoices.show(offer.voices);
  showBetterVoice();
  suggestExample(language);
  for (const button of document.querySelectorAll("[data-ui-language]")) {
    button.setAttribute("aria-pressed", String(button.dataset.uiLanguage === language));
  }
  refreshEngines();
  list.translate(store.state.chunks);
  $("download-label").textContent = words.t("download");
  sound.show();
  showCount();
  showFigures();
  show(store.state);
}

/** The server's reasons come in the page's language. */
async function refreshEngines() {
  if (!offer) return;
  offer.engines = await stubbornly(() => api.engines());
  listEngines($("engines"), offer.engines, words);
  choices.translate();
}

/** Own voices have come or gone; the one that came is chosen. */
async function refreshVoices(added) {
  offer.voices = await stubbornly(() => api.voices());
  choices.translate();
  if (added) choices.chooseOwnVoice(added.id);
  ownVoices.show(offer.voices);
}

function byName(prefix, names) {
  return Object.fromEntries(names.map((name) => [name, $(prefix + name)]));
}

function listen() {
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  $("stop").addEventListener("click", stop);
  $("download").addEventListener("click", download);
  $("text").addEventListener("input", showCount);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // keys are meant for it
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
    if (event.key === "Escape") stop();
  });
  for (const button of document.querySelectorAll("[data-ui-language]")) {
    button.addEventListener("click", () => chooseLanguage(button.dataset.uiLanguage));
  }
  offerThemes(document.querySelectorAll("[data-theme-choice]"));
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
showCount();
open().catch((error) => store.update({ phase: "failed", error: sentence(error) }));
store.subscribe(show);
