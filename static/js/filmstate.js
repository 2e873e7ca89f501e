// What the page of films knows, and what follows from it for people to read: pure functions.

/**
 * phase: starting, empty, sending, then the state of the job: waiting, running, done, failed, cancelled;
 * or expired. job: as the server tells it; lost: whether its news have broken off; error: a sentence;
 * unplayable: whether the browser cannot show the film.
 */
export const INITIAL = { phase: "starting", job: null, lost: false, error: null, unplayable: false };

const BUSY = new Set(["sending", "waiting", "running"]);
const ENDED = new Set(["done", "failed", "cancelled"]);

export function isBusy({ phase }) {
  return BUSY.has(phase);
}

/** Whether nothing more will happen to a job. */
export function hasEnded(job) {
  return ENDED.has(job.state);
}

/** What the server's news of a job make of the state. */
export function told(job) {
  return { phase: job.state, job, lost: false, error: job.error };
}

/** The status line, as a key of the catalogue with what is to be filled in. */
export function status({ phase, job, lost, error, unplayable }) {
  if (phase === "starting") return ["status.starting", {}];
  if (lost && BUSY.has(phase)) return ["film.status.lost", {}];
  if (phase === "waiting") return job.ahead ? ["film.status.waiting", { n: job.ahead }] : ["film.status.next", {}];
  if (phase === "done" && unplayable) return ["film.status.unplayable", {}];
  if (phase === "running") return [`film.status.${job.stage || "preparing"}`, {}];
  return [`film.status.${phase}`, { error }];
}

/** What changes often, as keys of the catalogue: the chunk, the percentage and the time left. */
export function details({ phase, job }) {
  if (phase !== "running" || !job.stage) return [];
  const known = [
    ["film.chunk", { k: job.chunk, n: job.chunks }],
    ["film.percent", { n: job.percent }],
  ];
  return job.seconds_left === null ? known : [...known, left(Math.ceil(job.seconds_left))];
}

function left(seconds) {
  const minutes = Math.floor(seconds / 60);
  return minutes
    ? ["film.left.minutes", { m: minutes, n: seconds % 60 }]
    : ["film.left.seconds", { n: Math.max(1, seconds) }];
}

/** How far the bar is, 0 to 100; null while nobody can tell. */
export function percent({ phase, job }) {
  if (phase === "done") return 100;
  if (!BUSY.has(phase)) return 0;
  return phase === "running" && job.stage ? job.percent : null;
}
