// Numbers along an axis: where the marks are, and how they are written.
import { duration, number } from "../format.js";

/** What the x axis of curves may be. */
export const AXES = /** @type {const} */ ({ step: "Step", seconds: "Elapsed", time: "Clock" });

/** In seconds: what people count time in. */
export const TIMES = [
  ...[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30],
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * 60),
  ...[1, 2, 3, 6, 12].map((hours) => hours * 3600),
  ...[1, 2, 7, 14, 30, 90, 365].map((days) => days * 86400),
];

/** A number beside a mark: 1500 as "1500", 20000 as "20k", 0.30000000000000004 as "0.3". @param {number} value */
export function mark(value) {
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1e-4 || size >= 1e15) return value.toExponential(2).replace(/\.?0*e\+?/, "e");
  for (const [unit, sign] of /** @type {const} */ ([[1e12, "T"], [1e9, "G"], [1e6, "M"], [1e3, "k"]])) {
    if (size >= Math.max(unit, 1e4)) return `${Number((value / unit).toPrecision(6))}${sign}`;
  }
  return String(Number(value.toPrecision(6)));
}

/** A span of time beside a mark. @param {number} seconds @returns {string} */
export function span(seconds) {
  if (seconds < 0) return `−${span(-seconds)}`;
  if (seconds < 60) return seconds < 1 && seconds > 0 ? `${mark(seconds * 1000)}ms` : `${mark(seconds)}s`;
  return duration(seconds).replace(/(?<=\D)00[a-z]$/, "");
}

/** A place on the x axis in words. @param {number} value @param {string} axis */
export function place(value, axis) {
  if (axis === "seconds") return `${value < 60 ? `${number(value)}s` : duration(value)} after the start`;
  if (axis === "time") return new Date(value * 1000).toLocaleString("sv");
  return `step ${value.toLocaleString("en")}`;
}

/**
 * Round numbers from *low* to *high*, about as many as asked for.
 * @param {number} low
 * @param {number} high
 * @param {number} many
 */
export function marks(low, high, many) {
  const rough = (high - low) / Math.max(many, 1);
  if (!(rough > 0) || !Number.isFinite(rough)) return [low];
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((each) => each * unit >= rough * 0.999) ?? 10) * unit;
  const first = Math.ceil(low / step - 1e-9);
  const last = Math.floor(high / step + 1e-9);
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, at) => (first + at) * step);
}

/** Powers of ten from *low* to *high*, and 2 and 5 of each where there is room. @param {number} low @param {number} high @param {number} many */
export function logMarks(low, high, many) {
  const decades = Math.log10(high / low);
  if (decades < 0.8) return marks(low, high, many).filter((value) => value > 0);
  const [first, last] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
  const every = Math.max(1, Math.ceil((last - first) / many));
  const figures = decades <= many / 3 ? [1, 2, 5] : [1];
  const found = [];
  for (let power = first; power <= last; power += every)
    for (const figure of figures) found.push(Number(`${figure}e${power}`));
  return found.filter((value) => value >= low * 0.999 && value <= high * 1.001);
}

/**
 * What an axis has to show so that all of *values* are on it, with a little room.
 * @param {number} low
 * @param {number} high
 * @param {boolean} log
 * @returns {[number, number]}
 */
export function room(low, high, log) {
  if (!(low <= high)) return log ? [0.1, 1] : [0, 1];
  if (log) {
    const factor = low === high ? 2 : (high / low) ** 0.05;
    return [low / factor, high * factor];
  }
  const pad = low === high ? Math.abs(low) * 0.1 || 1 : (high - low) * 0.05;
  return [low - pad, high + pad];
}
