// Asking again after a failure that may pass.

const DELAYS = [0.4, 1, 2, 4]; // seconds before the second, third … attempt
const LONGEST = 30; // seconds; a server that wants more is left to the user
const PATIENT = 5; // seconds between attempts that may seem pointless

/** Seconds to wait after the attempt-th failure (from 0), or null if asking again is pointless. */
export function retryDelay(error, attempt) {
  if (!error.temporary || attempt >= DELAYS.length) return null;
  const asked = error.retryAfter ?? 0;
  return asked > LONGEST ? null : Math.max(DELAYS[attempt], asked);
}

/** Resolves after `seconds`; rejects at once when the signal aborts. */
export function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, seconds * 1000);
    signal.addEventListener("abort", stop, { once: true });
  });
}

/** Asks until there is an answer. */
export async function stubbornly(task) {
  for (let attempt = 0; ; attempt++) {
    try {
      return await task();
    } catch (error) {
      await pause(retryDelay(error, Math.min(attempt, DELAYS.length - 1)) ?? PATIENT, new AbortController().signal);
    }
  }
}
