// What is shown stands in the address, so that a view can be kept and sent as a link:
// #/results?status=error&run=train/0007
import { signal } from "@preact/signals";

/**
 * @typedef {object} Route
 * @property {string} [project]
 * @property {string} [relpath] Only this namespace.
 * @property {string} [identifier]
 * @property {string} [status]
 * @property {string} [trashed] "true": what is in the trash.
 * @property {string} [where] A filter, as in "lr < 0.01 and status == 'done'".
 * @property {string} [sort] What to sort by, as in "-result.loss".
 * @property {string} [order] "name", else the newest first.
 * @property {string} [find] Words that the runs of a report have in them.
 * @property {string} [run] The run that is open.
 * @property {string} [view] "compare", or "sweep": how far one identifier is; else the list of runs.
 * @property {string} [pick] The runs that are chosen: see chosen.js.
 * @property {string} [tab] Which part of the comparison.
 * @property {string} [x] The x axis of curves: "seconds" or "time", else the step.
 * @property {string} [smooth] How much curves are smoothed, from 0 to 1.
 * @property {string} [log] "y": curves have a logarithmic y axis.
 * @property {string} [zoom] The part of the x axis, as in "10:20".
 * @property {string} [over] The param that curves are averaged over, as in "seed".
 * @property {string} [band] What is drawn around a mean.
 * @property {string} [fx] What a scatter or a heatmap has on its x axis, as in "params.lr".
 * @property {string} [fy] And on its y axis.
 * @property {string} [fz] What a heatmap has in its cells.
 * @property {string} [lx] "log" or "linear": how the x axis of a scatter is.
 * @property {string} [ly] And its y axis.
 * @property {string} [axes] The axes of parallel coordinates.
 * @property {string} [cols] The columns of the table, as in "status,params.lr"; else what differs.
 * @property {string} [by] What the table is grouped by, as in "params.lr".
 * @property {string} [gx] The param along the grid of a sweep.
 * @property {string} [gy] And the one down; "": none.
 * @property {string} [of] What its cells are coloured by, as in "result.loss"; else the status.
 */

/** What a list of runs is asked for with. */
const LISTED = /** @type {const} */ (["relpath", "identifier", "status", "trashed", "where", "sort", "order"]);
const COMPARED = /** @type {const} */ (["tab", "x", "smooth", "log", "zoom", "over", "band", "fx", "fy", "fz", "lx", "ly", "axes"]);
const TABLE = /** @type {const} */ (["cols", "by"]);
const SWEEP = /** @type {const} */ (["gx", "gy", "of"]);
const NAMES = /** @type {const} */ ([...LISTED, "find", "run", "view", "pick", ...COMPARED, ...TABLE, ...SWEEP]);

export const route = signal(read(location.hash));

addEventListener("popstate", () => {
  route.value = read(location.hash);
});

/** @param {string} hash @returns {Route} */
export function read(hash) {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?", 2);
  const words = new URLSearchParams(query);
  /** @type {Route} */
  const found = {};
  if (path) found.project = decoded(path);
  for (const name of NAMES) {
    const value = words.get(name);
    if (value !== null) found[name] = value;
  }
  return found;
}

/** The part of a route that says which runs are listed. @param {Route} from */
export function listed(from) {
  return Object.fromEntries(LISTED.map((name) => [name, from[name]]));
}

/** @param {Route} to */
export function link(to) {
  const words = new URLSearchParams();
  for (const name of NAMES) {
    const value = to[name];
    if (value !== undefined) words.set(name, value);
  }
  const query = words.toString().replaceAll("%2F", "/");
  return `#/${encodeURIComponent(to.project ?? "")}${query ? `?${query}` : ""}`;
}

/**
 * Show something else.
 * @param {Route} changes What is undefined in it is left out of the address.
 * @param {{ replace?: boolean }} [options] replace: Back skips what was shown before.
 */
export function go(changes, { replace = false } = {}) {
  const to = link({ ...route.value, ...changes });
  if (to === link(route.value)) return;
  try {
    history[replace ? "replaceState" : "pushState"](null, "", to);
  } catch {
    // A frame without an origin, as others show a report in, has no address to write to.
  }
  route.value = read(to);
}

/** What a click on a link to *changes* does, unless it asks for another tab. @param {Route} changes */
export function follow(changes) {
  return (/** @type {MouseEvent} */ event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(changes);
  };
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
