// Smoothing, and means over several runs. Pure functions of columns of numbers.

/** @typedef {{ x: ArrayLike<number>, y: ArrayLike<number> }} Line */
/** @typedef {{ x: Float64Array, mean: Float64Array, low: Float64Array, high: Float64Array }} Band */

// So many points across the whole axis have the weight that the slider says.
const ACROSS = 200;
const MOST_PLACES = 500;

/**
 * An exponential moving average that does not depend on how many points there are: what lies a
 * two hundredth of the axis further back counts *weight* times as much. It begins at the first value, without a pull
 * towards zero. A value that is not finite is a gap, and is passed over.
 * @param {Line} line
 * @param {number} weight From 0 to 1, and less than that.
 * @param {number} span The length of the whole axis.
 */
export function smoothed({ x, y }, weight, span) {
  const result = new Float64Array(y.length);
  const step = span > 0 ? ACROSS / span : 0;
  let total = 0;
  let weights = 0;
  let last = NaN;
  for (let at = 0; at < y.length; at += 1) {
    const value = y[at] ?? NaN;
    if (!Number.isFinite(value)) {
      result[at] = NaN;
      continue;
    }
    const place = x[at] ?? 0;
    // What shares one step, or comes after a two hundredth of the axis, counts like the next point.
    const kept = Number.isNaN(last) ? 0 : weight ** Math.max((place - last) * step, 1e-6);
    total = total * kept + value * (1 - weight);
    weights = weights * kept + (1 - weight);
    result[at] = total / weights;
    last = place;
  }
  return result;
}

/**
 * A line with the gaps of another one in it.
 * @param {Line} line
 * @param {Line} other
 * @returns {Line}
 */
export function withGaps({ x, y }, other) {
  const gaps = Array.from(other.x).filter((_, at) => !Number.isFinite(other.y[at]));
  if (gaps.length === 0) return { x, y };
  /** @type {number[]} */
  const xs = [];
  /** @type {number[]} */
  const ys = [];
  let next = 0;
  for (let at = 0; at < x.length; at += 1) {
    while (next < gaps.length && (gaps[next] ?? 0) <= (x[at] ?? 0)) {
      xs.push(gaps[next] ?? 0);
      ys.push(NaN);
      next += 1;
    }
    xs.push(x[at] ?? 0);
    ys.push(y[at] ?? NaN);
  }
  for (const gap of gaps.slice(next)) {
    xs.push(gap);
    ys.push(NaN);
  }
  return { x: xs, y: ys };
}

/**
 * The mean of several lines and what lies around it: each is read where any has a point, between
 * its own points along a straight line, and never beyond its ends.
 * @param {Line[]} lines
 * @param {string} around "std", "ci" (95 % of the mean, by Student's t) or "range".
 * @returns {Band}
 */
export function band(lines, around) {
  const x = places(lines);
  const columns = lines.map((line) => read(line, x));
  const mean = new Float64Array(x.length);
  const low = new Float64Array(x.length);
  const high = new Float64Array(x.length);
  for (let at = 0; at < x.length; at += 1) {
    const values = columns.map((column) => column[at] ?? NaN).filter(Number.isFinite);
    const middle = values.reduce((sum, value) => sum + value, 0) / values.length;
    const [below, above] = spread(values, middle, around);
    mean[at] = middle;
    low[at] = middle - below;
    high[at] = middle + above;
  }
  return { x, mean, low, high };
}

/** @param {number[]} values @param {number} mean @param {string} around @returns {[number, number]} */
export function spread(values, mean, around) {
  const number = values.length;
  if (number < 2) return [0, 0];
  if (around === "range") return [mean - Math.min(...values), Math.max(...values) - mean];
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  const std = Math.sqrt(squares / (number - 1));
  const half = around === "ci" ? (student(number - 1) * std) / Math.sqrt(number) : std;
  return [half, half];
}

const T = [12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228];

/** What |t| stays below in 95 % of all cases. @param {number} freedom */
export function student(freedom) {
  const exact = T[freedom - 1];
  if (exact !== undefined) return exact;
  // Abramowitz and Stegun 26.7.5, as in pycaddy.query.
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * freedom) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * freedom ** 2);
}

/** @param {Line[]} lines */
function places(lines) {
  const all = new Set(lines.flatMap((line) => Array.from(line.x)));
  const sorted = Float64Array.from(all).sort();
  if (sorted.length <= 2 * MOST_PLACES) return sorted;
  const first = sorted[0] ?? 0;
  const length = (sorted[sorted.length - 1] ?? 0) - first;
  return Float64Array.from({ length: MOST_PLACES }, (_, at) => first + (length * at) / (MOST_PLACES - 1));
}

/** @param {Line} line @param {Float64Array} at */
function read({ x, y }, at) {
  const result = new Float64Array(at.length).fill(NaN);
  let right = 0;
  for (let number = 0; number < at.length; number += 1) {
    const place = at[number] ?? NaN;
    while (right < x.length && (x[right] ?? 0) < place) right += 1;
    const [after, value] = [x[right], y[right]];
    if (after === undefined || value === undefined) break;
    if (after === place) result[number] = value;
    else if (right > 0) {
      const [before, old] = [x[right - 1] ?? NaN, y[right - 1] ?? NaN];
      result[number] = old + ((value - old) * (place - before)) / (after - before);
    }
  }
  return result;
}

/** The position whose x is nearest, or -1. @param {ArrayLike<number>} x @param {number} place */
export function nearest(x, place) {
  let low = 0;
  let high = x.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((x[middle] ?? 0) < place) low = middle + 1;
    else high = middle;
  }
  const closer = low > 0 && place - (x[low - 1] ?? 0) < (x[low] ?? 0) - place;
  return closer ? low - 1 : x.length ? low : -1;
}
