// Hearing of changes. A page that nobody looks at listens to nothing: browsers grant each server
// six connections, and a stream holds one.
import { signal } from "@preact/signals";

const CALM_MS = 700;
const AGAIN_MS = 2000;

/** Goes up when something may have changed. */
export const changes = signal(0);

/** @type {import("@preact/signals").Signal<"live" | "lost" | "resting">} */
export const connection = signal("resting");

/** Milliseconds since 1970, for ages; moves every few seconds. */
export const now = signal(Date.now());

/** @type {EventSource | undefined} */
let stream;
/** @type {number | undefined} */
let waiting;
let told = 0;

/** Tell that something may have changed, at most so often that nobody is made dizzy. */
function tell() {
  if (waiting !== undefined) return;
  waiting = setTimeout(
    () => {
      waiting = undefined;
      told = Date.now();
      now.value = told;
      changes.value += 1;
    },
    Math.max(0, told + CALM_MS - Date.now()),
  );
}

function listen() {
  stream?.close();
  stream = undefined;
  if (document.hidden) {
    connection.value = "resting";
    return;
  }
  const opened = new EventSource("/api/events");
  stream = opened;
  opened.addEventListener("listening", () => {
    connection.value = "live";
    tell(); // what happened while nobody listened
  });
  opened.addEventListener("changed", tell);
  opened.addEventListener("error", () => {
    if (stream !== opened) return;
    connection.value = "lost";
    tell(); // the answer will say why
    opened.close();
    setTimeout(() => stream === opened && listen(), AGAIN_MS);
  });
}

export function start() {
  document.addEventListener("visibilitychange", listen);
  setInterval(() => {
    if (!document.hidden) now.value = Date.now();
  }, 5000);
  listen();
}
