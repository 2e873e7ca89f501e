// The page that makes whole films: puts its parts together.

import { Captions } from "./captions.js";
import { Desk } from "./desk.js";
import { INITIAL, details, isBusy, percent, status, told } from "./filmstate.js";
import { JobWatch } from "./jobwatch.js";
import { $, byName, openPage } from "./page.js";
import { stubbornly } from "./retries.js";
import { Screening } from "./screening.js";
import { sentence } from "./sentences.js";
import { Store } from "./state.js";

const KEPT = "film"; // in the browser's storage: {id, request} of the last film

const { words, api } = openPage();
const store = new Store(INITIAL);
const files = byName("file-", ["film", "webvtt", "srt", "poster"]);
const screening = new Screening($("video"), new Captions($("captions")), () => store.update({ unplayable: true }));
const desk = new Desk({ api, words, onChoice: () => show(store.state) });
const watch = new JobWatch({
  api,
  onNews: (job) => store.update(told(job)),
  onLost: () => store.update({ lost: true }),
  onGone: () => store.update({ ...INITIAL, phase: "expired" }),
});

let turn = 0; // how often a film was begun or given up

// From the server to a film, perhaps one of an earlier visit.

async function open() {
  await desk.open();
  const kept = JSON.parse(localStorage.getItem(KEPT));
  if (!kept) return store.update({ phase: "empty" });
  desk.restore(kept.request);
  $("burn").checked = kept.request.burn_captions;
  await watch.follow(kept.id);
  reveal();
}

async function start() {
  const request = { text: desk.text, ...desk.values, burn_captions: $("burn").checked };
  complain("");
  if (isBusy(store.state) || !desk.isOpen) return;
  if (!request.text.trim()) return complain(words.t("text.empty"));
  watch.leave();
  turn += 1;
  const mine = turn;
  store.update({ ...INITIAL, phase: "sending" });
  reveal();
  try {
    const { id } = await api.makeFilm(request);
    if (mine !== turn) return drop(id); // given up meanwhile
    localStorage.setItem(KEPT, JSON.stringify({ id, request }));
    await watch.follow(id);
  } catch (error) {
    if (mine === turn) store.update({ phase: "failed", error: sentence(error, words) });
  }
}

/** Leaves the film; what is being made is cancelled. */
function leave(phase) {
  const { job } = store.state;
  if (isBusy(store.state) && job) drop(job.id);
  watch.leave();
  turn += 1;
  localStorage.removeItem(KEPT);
  complain("");
  store.update({ ...INITIAL, phase });
}

function cancel() {
  if (isBusy(store.state)) leave("cancelled");
}

function another() {
  leave("empty");
  $("text").focus();
  $("text").select();
}

/** Deletes a job, or finds that it is gone. */
function drop(id) {
  return stubbornly(async () => {
    try {
      await api.deleteJob(id);
    } catch (error) {
      if (error.status !== 404) throw error;
    }
  });
}

function complain(text) {
  $("message").textContent = text;
}

// What the user sees and does.

function show(state) {
  write($("status"), words.t(...status(state)));
  $("status").dataset.phase = state.phase;
  write($("detail"), details(state).map((detail) => words.t(...detail)).join(" · "));
  showProgress(percent(state));
  showFiles(state.phase === "done" ? state.job : null);
  showButtons(state);
}

/** Where all is in one column, what becomes of the film may be out of sight. */
function reveal() {
  $("status").scrollIntoView({ block: "nearest" });
}

function showProgress(value) {
  const bar = $("progress");
  if (value === null) bar.removeAttribute("value");
  else bar.value = value;
}

function showFiles(job) {
  for (const [name, link] of Object.entries(files)) {
    link.ariaDisabled = String(!job);
    if (job) link.href = `${job[name]}?download`;
    else link.removeAttribute("href");
  }
  if (job) screening.show(job, words.t("captions"));
  else if (desk.isOpen) screening.pose(desk.avatar.poster);
}

function showButtons({ phase }) {
  const busy = isBusy({ phase });
  const focus = [$("start"), $("cancel")].includes(document.activeElement);
  $("start").hidden = busy;
  $("start").disabled = phase === "starting";
  $("start").dataset.t = phase === "failed" ? "film.again" : "film.start";
  write($("start"), words.t($("start").dataset.t));
  $("cancel").hidden = !busy;
  $("another").disabled = !["done", "failed", "expired"].includes(phase);
  if (!focus || document.activeElement !== document.body) return;
  if (busy) $("cancel").focus();
  else (phase === "done" ? files.film : $("start")).focus();
}

/** What is read aloud when it changes is left alone when it does not. */
function write(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** The server tells in the page's language why a film failed. */
function translatePage() {
  show(store.state);
  if (store.state.phase === "failed" && store.state.job) watch.follow(store.state.job.id);
}

function listen() {
  $("form").addEventListener("submit", (event) => {
    event.preventDefault();
    start();
  });
  $("cancel").addEventListener("click", cancel);
  $("another").addEventListener("click", another);
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return; // keys are meant for it
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) start();
    if (event.key === "Escape") cancel();
  });
  words.onChange(translatePage);
}

/** Read-only, for tests and the curious. */
globalThis.voiceover = {
  get state() {
    return store.state;
  },
};

listen();
store.subscribe(show);
open();
