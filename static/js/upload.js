// Sending a form with a file: the only request whose progress is shown, which `fetch` cannot tell.

/** Resolves to `{status, headers, body}`; rejects when no answer comes. onProgress(share): 0…1 of what was sent. */
export function upload(url, form, language, onProgress, signal) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("Accept-Language", language);
    request.upload.addEventListener("progress", ({ loaded, total }) => onProgress(total ? loaded / total : 0));
    request.addEventListener("load", () => {
      const headers = { get: (name) => request.getResponseHeader(name) };
      resolve({ status: request.status, headers, body: parsed(request.responseText) });
    });
    for (const fault of ["error", "abort", "timeout"]) {
      request.addEventListener(fault, () => reject(new Error(`upload: ${fault}`)));
    }
    signal?.addEventListener("abort", () => request.abort(), { once: true });
    request.send(form);
  });
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
