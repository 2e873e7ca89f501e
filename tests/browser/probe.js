// Runs in the page before its own scripts: notes what the browser itself says about the video.
window.probe = { frames: [], events: [], statuses: [], lives: 0, shift: 0, sound: [], moved: [] };

addEventListener("DOMContentLoaded", () => {
  const video = document.querySelector("video");
  const frame = (_, { mediaTime, presentedFrames }) => {
    const { droppedVideoFrames } = video.getVideoPlaybackQuality();
    probe.frames.push([Math.round(mediaTime * 25), presentedFrames, droppedVideoFrames]);
    video.requestVideoFrameCallback(frame);
  };
  video.requestVideoFrameCallback(frame);
  for (const name of ["waiting", "stalled", "pause", "playing", "seeking", "error"]) {
    video.addEventListener(name, () => probe.events.push([name, video.currentTime, voiceover.ahead]));
  }
  const screen = document.getElementById("screen");
  let lived = false;
  const live = () => {
    const lives = screen.dataset.live === "true";
    if (lives && !lived) probe.lives += 1;
    lived = lives;
  };
  new MutationObserver(live).observe(screen, { attributeFilter: ["data-live"] });
  const status = document.getElementById("status");
  const note = () => probe.statuses.push(status.textContent);
  new MutationObserver(note).observe(status, { childList: true, characterData: true, subtree: true });
});

new PerformanceObserver((list) => {
  for (const { hadRecentInput, value, sources } of list.getEntries()) {
    if (hadRecentInput) continue;
    probe.shift += value;
    probe.moved.push(...sources.map(({ node }) => node?.id || node?.className || node?.nodeName));
  }
}).observe({ type: "layout-shift", buffered: true });

const RECORDER = `registerProcessor("recorder", class extends AudioWorkletProcessor {
  process([[channel]], [output]) {
    if (channel) this.port.postMessage(channel.slice());
    for (const out of output) out.fill(0);
    return true;
  }
});`;

/** Records what the <video> sounds, sample by sample; it is pulled, so a busy machine loses nothing. */
window.record = async () => {
  const context = new AudioContext({ sampleRate: 48000 });
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([RECORDER], { type: "text/javascript" })));
  const recorder = new AudioWorkletNode(context, "recorder");
  recorder.port.onmessage = ({ data }) => probe.sound.push(data);
  context.createMediaElementSource(document.querySelector("video")).connect(recorder).connect(context.destination);
  await context.resume();
};

/** What has been recorded, as base64 of float32. */
window.recorded = async () => base64(await new Blob(probe.sound).arrayBuffer());
window.clips = async () => Promise.all(voiceover.files.map(async (file) => base64(await file.arrayBuffer())));

function base64(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
