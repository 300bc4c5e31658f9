// Where a value of a run is on an axis: numbers in their order, all else side by side.
import { value as written } from "../format.js";
import { logMarks, mark, marks, room } from "./axis.js";

/** @typedef {import("../types.js").Cell} Cell */

/**
 * @typedef {object} Scale
 * @property {(value: Cell | undefined) => number | null} at From 0 to 1; null: it has no place here.
 * @property {{ at: number, text: string }[]} marks
 * @property {boolean} log
 */

const MOST_WORDS = 24;

/**
 * A scale for a field. Numbers that are positive and far apart are on a logarithmic one: params,
 * which are mostly chosen that way, sooner than what came of them.
 * @param {import("./fields.js").Field} field
 * @param {number} many How many marks there is room for.
 * @param {string} [wanted] "log" or "linear", if somebody has said so.
 * @returns {Scale}
 */
export function scaleOf({ kind, number, values }, many, wanted) {
  if (!number) return ofWords(values, many);
  return ofNumbers(values, many, wanted ?? (kind === "params" ? 20 : 100));
}

/** @param {(Cell | undefined)[]} values @param {number} many @param {string | number} wanted @returns {Scale} */
function ofNumbers(values, many, wanted) {
  const numbers = values.filter((value) => typeof value === "number");
  const [least, greatest] = [Math.min(...numbers), Math.max(...numbers)];
  const log = least > 0 && (wanted === "log" || (typeof wanted === "number" && greatest / least >= wanted));
  const way = log ? Math.log10 : (/** @type {number} */ value) => value;
  const [low, high] = room(least, greatest, log);
  const at = (/** @type {number} */ value) => (way(value) - way(low)) / (way(high) - way(low));
  const few = [...new Set(numbers)].sort((a, b) => a - b);
  // A handful of values, as of a sweep, are marks themselves.
  const chosen = few.length <= Math.min(many, 8) && apart(few.map(at), many) ? few : log ? logMarks(low, high, many) : marks(low, high, many);
  return {
    log,
    at: (value) => (typeof value === "number" ? at(value) : null),
    marks: chosen.map((value) => ({ at: at(value), text: mark(value) })),
  };
}

/** @param {number[]} places @param {number} many */
function apart(places, many) {
  return places.every((place, at) => at === 0 || place - (places[at - 1] ?? 0) > 0.6 / many);
}

/** @param {(Cell | undefined)[]} values @param {number} many @returns {Scale} */
function ofWords(values, many) {
  const words = distinct(values).map(written);
  const place = (/** @type {number} */ at) => (words.length === 1 ? 0.5 : 0.06 + (0.88 * at) / (words.length - 1));
  const every = Math.ceil(words.length / Math.min(many, MOST_WORDS));
  return {
    log: false,
    at: (value) => (value === undefined ? null : place(words.indexOf(written(value)))),
    marks: words.map((text, at) => ({ at: place(at), text })).filter((_, at) => at % every === 0),
  };
}

/** The values there are, once each: numbers by size, then all else by name. @param {(Cell | undefined)[]} values @returns {Cell[]} */
export function distinct(values) {
  const found = new Map(values.flatMap((value) => (value === undefined ? [] : [[written(value), value]])));
  return /** @type {Cell[]} */ ([...found.values()]).sort((a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a === "number" || typeof b === "number") return typeof a === "number" ? -1 : 1;
    return written(a).localeCompare(written(b), "en", { numeric: true });
  });
}

/** From pale to strong, readable on either ground: what share of the accent a cell has. @param {number} share From 0 to 1. */
export function tint(share) {
  return `color-mix(in oklab, var(--high) ${Math.round(share * 100)}%, var(--low))`;
}
