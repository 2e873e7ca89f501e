import assert from "node:assert/strict";
import { createServer } from "node:http";
import { test } from "node:test";

import { Api, ConnectionLost } from "../../static/js/api.js";

test("a stall is told once, and no failure of that reaches the page", async () => {
  const told = [];
  let came;
  const arrival = new Promise((resolve) => (came = resolve));
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const part of request) body += part;
    told.push({ method: request.method, url: request.url, type: request.headers["content-type"], body: JSON.parse(body) });
    response.writeHead(503).end("no");
    came();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  globalThis.document = { baseURI: `http://127.0.0.1:${server.address().port}/realtime` };
  const api = new Api(() => "en");
  api.reportStall("visemes");
  await arrival;
  assert.deepEqual(told, [{ method: "POST", url: "/api/stalls", type: "application/json", body: { lips: "visemes" } }]);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  api.reportStall("visemes"); // nobody listens any more: node would fail this test for an unhandled rejection
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(told.length, 1);
});

test("an answer that breaks off in the middle is a connection lost, which is worth another attempt", async () => {
  const server = createServer((request, response) => {
    response.writeHead(200, { "Chunk-Frames": "50" });
    response.write(new Uint8Array([0, 0, 0, 16, ...new TextEncoder().encode("ftypiso6")]));
    setTimeout(() => response.destroy(), 20);
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  globalThis.document = { baseURI: `http://127.0.0.1:${server.address().port}/realtime` };
  const answer = await new Api(() => "en").generate({ text: "x" }, new AbortController().signal);
  await assert.rejects(answer.parts.next(), (error) => error instanceof ConnectionLost && error.temporary);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});
