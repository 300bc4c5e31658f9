// Values as short text, as people who measure things write them.

const FIGURES = 4;

/** @param {number} value */
export function number(value) {
  if (Number.isInteger(value) && Math.abs(value) < 1e7) return String(value);
  const rounded = value.toPrecision(FIGURES);
  const size = Math.abs(value);
  // Zeros at the end say that more figures were there: 1.000 for 0.99997, 0.1 for 0.1.
  const exact = Number(rounded) === value;
  if (size >= 1e-3 && size < 1e5) return exact ? String(value) : rounded;
  const text = value.toExponential(FIGURES - 1).replace("e+", "e");
  return exact ? text.replace(/\.?0*e/, "e") : text;
}

/** @param {number} value */
export function count(value) {
  return value.toLocaleString("en");
}

/** A value of params or results. @param {unknown} value @returns {string} */
export function value(value) {
  if (typeof value === "number") return number(value);
  if (typeof value === "string") return value;
  const float = notFinite(value);
  return float ?? JSON.stringify(value);
}

/** NaN and the infinities, which JSON has no word for. @param {unknown} value */
export function notFinite(value) {
  if (value === null || typeof value !== "object" || !("__float__" in value)) return null;
  return { nan: "NaN", inf: "∞", "-inf": "−∞" }[String(value.__float__)] ?? "NaN";
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A span of time in two figures: "12ms", "3.2s", "4m10s", "3h05m", "2d04h". @param {number} seconds */
export function duration(seconds) {
  const span = Math.max(seconds, 0);
  if (span < 0.9995) return `${Math.round(span * 1000)}ms`;
  if (span < 9.95) return `${span.toFixed(1)}s`;
  const whole = Math.round(span);
  if (whole < MINUTE) return `${whole}s`;
  if (whole < HOUR) return pair(whole, MINUTE, "m", 1, "s");
  if (whole < DAY) return pair(whole, HOUR, "h", MINUTE, "m");
  return pair(whole, DAY, "d", HOUR, "h");
}

/**
 * @param {number} whole
 * @param {number} large
 * @param {string} unit
 * @param {number} small
 * @param {string} rest
 */
function pair(whole, large, unit, small, rest) {
  const part = Math.floor((whole % large) / small);
  return `${Math.floor(whole / large)}${unit}${String(part).padStart(2, "0")}${rest}`;
}

/** How long ago: "now", "3m", "2h", "5d", then the date. @param {string} at @param {number} now */
export function age(at, now) {
  const moment = new Date(at);
  const seconds = (now - moment.getTime()) / 1000;
  if (seconds < 5) return "now";
  if (seconds < MINUTE) return `${Math.floor(seconds)}s ago`;
  if (seconds < HOUR) return `${Math.floor(seconds / MINUTE)}m ago`;
  if (seconds < DAY) return `${Math.floor(seconds / HOUR)}h ago`;
  if (seconds < 14 * DAY) return `${Math.floor(seconds / DAY)}d ago`;
  return moment.toLocaleDateString("sv");
}

/** On the clock of the reader, to the second: "2026-09-21 14:14:00". @param {string} at */
export function time(at) {
  return new Date(at).toLocaleString("sv");
}

/** @param {number} size */
export function bytes(size) {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let unit = 0;
  while (size >= 999.5 && unit < units.length - 1) {
    size /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? size : Number(size.toPrecision(3))} ${units[unit]}`;
}

/**
 * Nested values by dotted names, as in "optimizer.lr".
 * @param {Record<string, unknown>} values
 * @returns {[string, unknown][]}
 */
export function flat(values, above = "") {
  return Object.entries(values).flatMap(([name, item]) => {
    const nested = item !== null && typeof item === "object" && !Array.isArray(item);
    if (!nested || notFinite(item) !== null || Object.keys(item).length === 0)
      return [/** @type {[string, unknown]} */ ([above + name, item])];
    return flat(/** @type {Record<string, unknown>} */ (item), `${above}${name}.`);
  });
}
