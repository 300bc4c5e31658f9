// Which columns a table of runs has, and how wide they are.
import { duration, value } from "./format.js";

/** @typedef {import("./types.js").Row} Row */
/** @typedef {import("./types.js").Cell} Cell */

/** @typedef {"result" | "last" | "params"} Part What differs from run to run. */

/**
 * @typedef {object} Column
 * @property {string} id
 * @property {Part | "run" | "status" | "created" | "started" | "ended" | "took" | "attempt" | "owner" | "tags" | "note"} kind
 * @property {string} name
 * @property {number} width In pixels.
 * @property {{ width: string }} style The same for each of its cells.
 * @property {boolean} right Whether it holds numbers.
 * @property {boolean} shown Whether it is there unless others are chosen.
 */

const LETTER = 7.3;
const PADDING = 22;
// Letters of a head are narrower, unless they are bold.
const BOLD = 1.3;
const NARROWEST = 56;
const WIDEST = 240;
// Of a run with many metrics, most would be looked for, and not at.
const MOST_METRICS = 6;

/** In the order of the table. */
export const KINDS = /** @type {const} */ ([
  "run", "status", "created", "started", "ended", "took", "attempt", "owner", "tags", "note", "result", "last", "params",
]);
/** @type {readonly Part[]} */
const PARTS = ["result", "last", "params"];

/**
 * All columns that *rows* may have: what a run found, then its metrics, then the params that
 * differ, then those that do not. Columns that were there stay where they are.
 * @param {Row[]} rows
 * @param {Column[]} before
 * @returns {Column[]}
 */
export function columnsOf(rows, before = []) {
  const known = new Set(before.map((column) => column.id));
  const columns = before.length ? [...before] : fixed(rows);
  for (const kind of PARTS) {
    for (const name of byInterest(rows, kind)) {
      if (known.has(`${kind}.${name}`)) continue;
      const many = columns.filter((column) => column.kind === "last").length >= MOST_METRICS;
      columns.push(named(kind, name, rows, kind !== "last" || !many));
    }
  }
  return columns.length === before.length ? before : columns;
}

/**
 * The columns that are seen, which always tell which run it is.
 * @param {Column[]} columns
 * @param {string | undefined} chosen Their ids, as the address has them.
 */
export function seen(columns, chosen) {
  if (chosen === undefined) return columns.filter((column) => column.shown);
  const ids = new Set(idsOf(chosen));
  return columns.filter((column) => column.kind === "run" || ids.has(column.id));
}

/** @param {string} chosen */
export function idsOf(chosen) {
  return chosen.split(",").map((id) => id.replaceAll("~c", ",").replaceAll("~t", "~"));
}

/** The ids of columns as the address has them: names may have commas. @param {Column[]} columns */
export function chosenAs(columns) {
  return columns.map(({ id }) => id.replaceAll("~", "~t").replaceAll(",", "~c")).join(",");
}

/** @param {Row} row @param {Column} column @returns {Cell | undefined} */
export function cell(row, { kind, name }) {
  if (kind === "result" || kind === "params" || kind === "last") return row[kind][name];
  if (kind === "owner" || kind === "note" || kind === "attempt") return row[kind] ?? undefined;
  return undefined;
}

/** @param {Row[]} rows @returns {Column[]} */
function fixed(rows) {
  /** @param {(row: Row) => string} text */
  const longest = (text) => rows.reduce((most, row) => Math.max(most, text(row).length), 0);
  const tags = longest((row) => row.tags.join("    "));
  return [
    column("run", "run", width(Math.max(10, longest((row) => row.run)), 320)),
    column("status", "status", 96),
    column("created", "created", 100, true),
    column("started", "started", 100, true, false),
    column("ended", "ended", 100, true, false),
    column("took", "took", 76, true),
    column("attempt", "attempt", 76, true, false),
    column("owner", "owner", width(longest((row) => row.owner ?? ""), WIDEST), false, false),
    column("tags", "tags", width(tags, WIDEST), false, tags > 0),
    column("note", "note", WIDEST, false, false),
  ];
}

/**
 * @param {Column["kind"]} kind
 * @param {string} name
 * @param {number} width
 * @returns {Column}
 */
function column(kind, name, width, right = false, shown = true) {
  const id = kind === name ? kind : `${kind}.${name}`;
  return { id, kind, name, width, right, shown, style: { width: `${width}px` } };
}

/** @param {Row[]} rows @param {Part} kind */
function byInterest(rows, kind) {
  /** @type {Map<string, Cell>} */
  const first = new Map();
  const differing = new Set();
  for (const row of rows) {
    for (const [name, item] of Object.entries(row[kind])) {
      if (!first.has(name)) first.set(name, item);
      else if (first.get(name) !== item) differing.add(name);
    }
  }
  const names = [...first.keys()];
  return [
    ...names.filter((name) => differing.has(name)),
    ...names.filter((name) => !differing.has(name)),
  ];
}

/** @param {Part} kind @param {string} name @param {Row[]} rows @param {boolean} shown @returns {Column} */
function named(kind, name, rows, shown) {
  const items = rows.map((row) => row[kind][name]).filter((item) => item !== undefined);
  const longest = items.reduce((/** @type {number} */ most, item) => {
    return Math.max(most, value(item).length);
  }, name.length * BOLD);
  const right = items.length > 0 && items.every((item) => typeof item === "number");
  return column(kind, name, width(longest, WIDEST), right, shown);
}

/** @param {number} letters @param {number} most */
function width(letters, most) {
  return Math.round(Math.min(Math.max(letters * LETTER + PADDING, NARROWEST), most));
}

/** Whether *text* may not fit; what is no mere text may not. @param {string | undefined} text @param {Column} column */
export function tooLong(text, { width, kind }) {
  if (text === undefined) return kind === "run" || kind === "tags";
  return !ASCII.test(text) || text.length * LETTER + PADDING > width;
}

const ASCII = /^[ -~]*$/;
const PLAIN = /^[A-Za-z_]\w*$/;
// No brackets, commas, control characters, or spaces at the ends.
const DOTTED = /^(?! )[^[,\p{C}]+(?<! )$/u;
const FIELDS = /** @type {Record<string, string>} */ ({
  started: "started_at",
  ended: "ended_at",
  took: "seconds",
  attempt: "attempt",
});

/**
 * What a column is sorted by: result.loss, metrics["val/loss"].
 * Without brackets a name finds one key that contains the dots as well as nested keys.
 * @param {{ kind: string, name: string }} column
 */
export function sortWord(column) {
  const { kind, name } = column;
  const dotted = (kind === "result" || kind === "params") && DOTTED.test(name);
  return dotted ? `${kind}.${name}` : filterWord(column);
}

/**
 * What a column is called in a filter: result.loss, params["val loss"].
 * @param {{ kind: string, name: string }} column
 */
export function filterWord({ kind, name }) {
  if (kind === "last") return `metrics[${JSON.stringify(name)}]`;
  if (kind !== "result" && kind !== "params") return FIELDS[kind];
  const steps = name
    .split(".")
    .map((part) => (PLAIN.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`));
  return `${kind}${steps.join("")}`;
}

/** How long the latest attempt took, or has taken so far. @param {import("./types.js").Common} row @param {number} now */
export function took(row, now) {
  if (row.seconds !== null) return duration(row.seconds);
  if (row.status !== "running" || row.stale || row.started_at === null) return "";
  return duration((now - new Date(row.started_at).getTime()) / 1000);
}
