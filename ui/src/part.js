// Which rows of a long list are there. Pure arithmetic.

export const ROW = 28;
// The part moves in steps of so many rows: in between, to scroll costs the page nothing.
const STEP = 8;
const SPARE = 8;
// Browsers make no element taller than some ten million pixels.
const TALLEST = 8_000_000;

/**
 * @typedef {object} Part
 * @property {number} first
 * @property {number} last One past the last row.
 * @property {number} shift Where the first row is, in pixels.
 * @property {number} fits How many rows are seen at once.
 */

/** How tall the whole list is, in pixels. @param {number} total */
export function tall(total) {
  return Math.min(total * ROW, TALLEST);
}

/**
 * How many pixels of rows go by per pixel that is scrolled: more than one where the list is
 * taller than an element may be.
 * @param {number} total
 * @param {number} body What is seen of the list, in pixels.
 */
export function scale(total, body) {
  const height = tall(total);
  return height > body ? (total * ROW - body) / (height - body) : 1;
}

/**
 * @param {number} top How far it is scrolled, in pixels.
 * @param {number} body
 * @param {number} total
 * @returns {Part}
 */
export function partOf(top, body, total) {
  const faster = scale(total, body);
  const fits = Math.ceil(body / ROW);
  const seen = Math.floor((top * faster) / ROW);
  const from = Math.floor(Math.max(0, seen - SPARE) / STEP) * STEP;
  const first = Math.min(from, Math.max(0, Math.ceil(total / STEP - 1) * STEP));
  const last = Math.min(total, first + fits + 2 * SPARE + STEP);
  const shift = faster === 1 ? first * ROW : top - (top * faster - first * ROW);
  return { first, last, shift, fits };
}

/** @param {Part} one @param {Part} two */
export function isSame(one, two) {
  return (
    one.first === two.first &&
    one.last === two.last &&
    one.shift === two.shift &&
    one.fits === two.fits
  );
}
