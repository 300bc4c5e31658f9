// Colours for curves, on a light and on a dark ground, and the ink of the page for canvases.
import { signal } from "@preact/signals";

// Ten that differ in lightness too, each with a contrast of 3 to 1 or more to its ground.
const LIGHT = ["#3b5bdb", "#d9480f", "#2b8a3e", "#c2255c", "#0b7285", "#7048e8", "#996600", "#5c3a21", "#ae3ec9", "#495057"];
const DARK = ["#91a7ff", "#ff922b", "#69db7c", "#f783ac", "#3bc9db", "#b197fc", "#ffd43b", "#d8b08c", "#e599f7", "#adb5bd"];
const DASHES = [[], [6, 4], [2, 3], [10, 3, 2, 3]];

const prefersDark = matchMedia("(prefers-color-scheme: dark)");

function isDark() {
  const theme = document.documentElement.dataset.theme;
  return theme === "dark" || (theme !== "light" && prefersDark.matches);
}

/** Whether the page is dark now. */
export const dark = signal(isDark());

const look = () => (dark.value = isDark());
prefersDark.addEventListener("change", look);
new MutationObserver(look).observe(document.documentElement, { attributeFilter: ["data-theme"] });

/** @param {number} slot */
export function colour(slot) {
  const colours = dark.value ? DARK : LIGHT;
  return colours[slot % colours.length] ?? "#888888";
}

/** Beyond ten runs the line is dashed. @param {number} slot */
export function dash(slot) {
  return DASHES[Math.floor(slot / LIGHT.length) % DASHES.length] ?? [];
}

/** A colour of the page, as "--dim". @param {string} name */
export function ink(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

/** @type {Map<string, number>} */
const slots = new Map();

/**
 * The slot of each run: by its number, so that it is the same in every comparison; where two have
 * the same, the later one takes the next that is free. It stays as long as the page is open.
 * What has no number, as the mean of several runs, begins with the first.
 * @param {string[]} runs
 */
export function slotsOf(runs) {
  const taken = new Set(runs.map((run) => slots.get(run)).filter((slot) => slot !== undefined));
  for (const run of runs) {
    if (slots.has(run)) continue;
    const number = Number(run.slice(run.lastIndexOf("/") + 1));
    const wanted = number > 0 ? (number - 1) % LIGHT.length : 0;
    const all = LIGHT.length * DASHES.length;
    let slot = wanted;
    for (let step = 0; taken.has(slot) && step < all; step += 1) slot = nextSlot(slot, wanted);
    taken.add(slot);
    slots.set(run, slot);
  }
  return new Map(runs.map((run) => [run, slots.get(run) ?? 0]));
}

/** Around the colours first, then around again with dashes. @param {number} slot @param {number} wanted */
function nextSlot(slot, wanted) {
  const round = Math.floor(slot / LIGHT.length);
  const next = (slot + 1) % LIGHT.length;
  const around = next === wanted ? (round + 1) % DASHES.length : round;
  return around * LIGHT.length + next;
}
