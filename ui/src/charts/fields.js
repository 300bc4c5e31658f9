// What is known of runs that are compared, column by column. Pure functions.

/** @typedef {import("../types.js").Compared} Compared */
/** @typedef {import("../types.js").Cell} Cell */

/**
 * @typedef {object} Field
 * @property {string} id As in "params.optimizer.lr", or "metrics.loss/train:min".
 * @property {"params" | "result" | "metrics"} kind
 * @property {string} name As people read it.
 * @property {boolean} varies Whether it is not the same in all runs.
 * @property {boolean} number Whether it has numbers, and nothing else.
 * @property {(Cell | undefined)[]} values For each run; undefined: it has none.
 */

/** @param {Compared[]} runs @returns {Field[]} */
export function fieldsOf(runs) {
  /** @type {Field[]} */
  const fields = [];
  for (const kind of /** @type {const} */ (["params", "result"])) {
    for (const name of namesOf(runs.map((run) => run[kind])))
      fields.push(field(`${kind}.${name}`, kind, name, runs.map((run) => run[kind][name])));
  }
  for (const name of namesOf(runs.map((run) => run.metrics))) {
    for (const part of ["last", "min", "max"]) {
      const values = runs.map((run) => run.metrics[name]?.[part] ?? undefined);
      const id = `metrics.${name}${part === "last" ? "" : `:${part}`}`;
      fields.push(field(id, "metrics", part === "last" ? name : `${part} of ${name}`, values));
    }
  }
  return fields;
}

/** @param {Record<string, unknown>[]} objects */
function namesOf(objects) {
  return [...new Set(objects.flatMap((object) => Object.keys(object)))];
}

/** @param {string} id @param {Field["kind"]} kind @param {string} name @param {(Cell | undefined)[]} values @returns {Field} */
function field(id, kind, name, values) {
  const there = values.filter((value) => value !== undefined && value !== null && !odd(value));
  return {
    id,
    kind,
    name,
    values,
    varies: new Set(values).size > 1,
    number: there.length > 0 && there.every((value) => typeof value === "number"),
  };
}

/** NaN and the infinities come as text: they have no place among numbers. @param {Cell} value */
function odd(value) {
  return value === "NaN" || value === "∞" || value === "-∞";
}

/** The param that runs were repeated over, if one looks like it. @param {Field[]} fields */
export function seedOf(fields) {
  return fields.find((each) => each.kind === "params" && each.varies && /(^|[._])seed$/i.test(each.name))?.id;
}

/**
 * Runs that differ in nothing but *over*, by the positions they have.
 * @param {Field[]} fields
 * @param {number} many
 * @param {string} over The id of a param.
 */
export function groups(fields, many, over) {
  const others = fields.filter((each) => each.kind === "params" && each.id !== over);
  /** @type {Map<string, number[]>} */
  const found = new Map();
  for (let at = 0; at < many; at += 1) {
    const key = JSON.stringify(others.map((each) => each.values[at] ?? null));
    found.set(key, [...(found.get(key) ?? []), at]);
  }
  return [...found.values()];
}

/** A default: what people most likely want to see. @param {Field[]} fields @param {"input" | "outcome"} role @param {string[]} [not] */
export function likely(fields, role, not = []) {
  const left = fields.filter((each) => !not.includes(each.id));
  const kinds = role === "input" ? ["params"] : ["result", "metrics"];
  const fitting = left.filter((each) => kinds.includes(each.kind) && (role === "input" || each.number));
  const seed = seedOf(fields);
  const varying = fitting.filter((each) => each.varies && each.id !== seed);
  return fullest(varying.filter((each) => each.number)) ?? fullest(varying) ?? fitting[0] ?? left[0];
}

/** The first of those that most runs have. @param {Field[]} fields @returns {Field | undefined} */
function fullest(fields) {
  const having = fields.map((each) => each.values.filter((value) => value !== undefined).length);
  return fields[having.indexOf(Math.max(...having))];
}
