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
 * A scale for a field.
 * @param {import("./fields.js").Field} field
 * @param {number} many How many marks there is room for.
 * @param {string} [wanted] "log" or "linear"; else as the numbers are.
 * @returns {Scale}
 */
export function scaleOf({ number, values }, many, wanted) {
  return number ? ofNumbers(values, many, wanted) : ofWords(values, many);
}

/**
 * Whether numbers want a logarithmic scale: all positive, far apart, and most of them crowded at the
 * low end of a linear one, as rates of learning are.
 * @param {number[]} sorted
 */
function isLogarithmic(sorted) {
  const [least = 0, greatest = 0] = [sorted[0], sorted[sorted.length - 1]];
  const middle = ((sorted[(sorted.length - 1) >> 1] ?? 0) + (sorted[sorted.length >> 1] ?? 0)) / 2;
  return least > 0 && greatest / least >= 20 && (middle - least) / (greatest - least) < 0.2;
}

/** @param {(Cell | undefined)[]} values @param {number} many @param {string} [wanted] @returns {Scale} */
function ofNumbers(values, many, wanted) {
  const numbers = values.filter((value) => typeof value === "number").sort((a, b) => a - b);
  const [least = 0, greatest = 0] = [numbers[0], numbers[numbers.length - 1]];
  const log = wanted === undefined ? isLogarithmic(numbers) : wanted === "log" && least > 0;
  const way = log ? Math.log10 : (/** @type {number} */ value) => value;
  const [low, high] = room(least, greatest, log);
  const at = (/** @type {number} */ value) => (way(value) - way(low)) / (way(high) - way(low));
  const few = [...new Set(numbers)];
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

/** @typedef {{ text: string, holds: (value: Cell | undefined) => boolean }} Bin */

const MOST_BINS = 20;
const BINS = 8;

/**
 * What rows and columns of a table are for: each value, or ranges if there are too many numbers.
 * @param {import("./fields.js").Field} field
 * @returns {Bin[]}
 */
export function bins(field) {
  const values = distinct(field.values);
  if (!field.number || values.length <= MOST_BINS)
    return values.slice(0, MOST_WORDS * 2).map((value) => ({ text: written(value), holds: (other) => other === value }));
  const numbers = values.filter((value) => typeof value === "number");
  const [least = 0, greatest = 0] = [numbers[0], numbers[numbers.length - 1]];
  const log = isLogarithmic(numbers);
  const edge = (/** @type {number} */ share) => (log ? least * (greatest / least) ** share : least + (greatest - least) * share);
  return Array.from({ length: BINS }, (_, at) => {
    const [from, to, last] = [edge(at / BINS), edge((at + 1) / BINS), at === BINS - 1];
    const text = `${mark(Number(from.toPrecision(2)))} to ${mark(Number(to.toPrecision(2)))}`;
    return { text, holds: (value) => typeof value === "number" && (at === 0 || value >= from) && (last || value < to) };
  });
}

/** How far from *low* to *high* a value is: from 0 to 1. @param {number} value @param {number} low @param {number} high */
export function shareOf(value, low, high) {
  return high > low ? (value - low) / (high - low) : 0.5;
}

/**
 * From pale to strong, readable on either ground: the colour of a cell.
 * @param {number} share From 0 to 1.
 * @param {string} [ramp] The page's colours that it goes between, with what stands before "low" and "high".
 */
export function tint(share, ramp = "--") {
  return `color-mix(in oklab, var(${ramp}high) ${Math.round(share * 100)}%, var(${ramp}low))`;
}
