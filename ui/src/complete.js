// What a filter may go on with. Pure decisions about a text.

/** @typedef {{ text: string, hint: string }} Item */
/** @typedef {{ names: Item[], tags: string[] }} Words What the runs at hand have. */
/** @typedef {{ from: number, items: Item[] }} Completion *from*: where what is completed begins. */

const MOST = 12;
const STATUSES = ["done", "error", "running", "pending"];
const FIELDS = /** @type {Item[]} */ ([
  { text: "status", hint: "done, error, running or pending" },
  { text: "stale", hint: "running, and the process is gone" },
  { text: "tags", hint: "'good' in tags" },
  { text: "seconds", hint: "how long the latest attempt took" },
  { text: "attempt", hint: "how often it was started" },
  { text: "created_at", hint: "a time: '2026-01-31'" },
  { text: "started_at", hint: "a time" },
  { text: "ended_at", hint: "a time" },
  { text: "identifier", hint: "of the run" },
  { text: "uid", hint: "of the run" },
  { text: "run", hint: "its name: 'train/0007'" },
  { text: "note", hint: "what somebody wrote" },
  { text: "error", hint: "the traceback" },
  { text: "files", hint: "'model' in files" },
]);
const OPERATORS = /** @type {Item[]} */ ([
  { text: "==", hint: "equal" },
  { text: "!=", hint: "another" },
  { text: "<", hint: "less" },
  { text: "<=", hint: "at most" },
  { text: ">", hint: "more" },
  { text: ">=", hint: "at least" },
  { text: "in", hint: "one of: [1, 2]" },
  { text: "is None", hint: "it has none" },
]);
const JOINTS = /** @type {Item[]} */ ([
  { text: "and", hint: "both" },
  { text: "or", hint: "one of them" },
]);
const TOKEN =
  /\s+|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[A-Za-z_]\w*(?:\.\w*|\[(?:"[^"]*"?|'[^']*'?|\d*)\]?)*|[<>=!]+|[-+]?\d[\w.+-]*|[^\s]/gy;
const COMPARES = /^(?:[<>=!]+|in|is)$/;

/**
 * @param {string} text
 * @param {number} caret
 * @param {Words} words
 * @returns {Completion}
 */
export function complete(text, caret, words) {
  const tokens = text.slice(0, caret).match(TOKEN) ?? [];
  // What one has begun to write; a space ends it.
  const begun = tokens.length && !/^[\s([,]/.test(tokens[tokens.length - 1] ?? "") ? (tokens.pop() ?? "") : "";
  const before = tokens.filter((token) => token.trim() !== "");
  const items = follows(before, words).filter(({ text }) => fits(text, begun));
  return { from: caret - begun.length, items: items.slice(0, MOST) };
}

/** What may stand behind these tokens. @param {string[]} before @param {Words} words @returns {Item[]} */
function follows(before, { names, tags }) {
  const last = before[before.length - 1];
  const left = before[before.length - 2];
  const values = names.concat(FIELDS);
  if (last === undefined || /^(and|or|not|\()$/.test(last)) {
    const tagged = tags.map((tag) => ({ text: `${quoted(tag)} in tags`, hint: "a tag" }));
    return [...names, ...FIELDS, ...tagged, ...(last === "not" ? [] : [{ text: "not", hint: "turn it around" }])];
  }
  if (COMPARES.test(last)) {
    if (left === "status") return STATUSES.map((each) => ({ text: quoted(each), hint: "status" }));
    if (last === "in") return values.filter(({ text }) => text === "tags" || text === "files");
    return [];
  }
  if (left !== undefined && COMPARES.test(left)) return JOINTS;
  if (last === "stale") return JOINTS;
  if (/^['"]/.test(last)) return [{ text: "in", hint: "among the tags or files" }];
  return /^[A-Za-z_]/.test(last) ? OPERATORS : JOINTS;
}

/** Whether *text* begins, or one of its parts does, with what was written. @param {string} text @param {string} begun */
function fits(text, begun) {
  if (begun === "" || text === begun) return begun === "";
  const [low, part] = [text.toLowerCase(), begun.toLowerCase()];
  return low.startsWith(part) || (part.length > 1 && /^\w/.test(part) && low.includes(part));
}

/** @param {string} text */
function quoted(text) {
  return text.includes("'") ? JSON.stringify(text) : `'${text}'`;
}
