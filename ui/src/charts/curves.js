// From series to the curves of a picture. Pure functions.
import { band, smoothed, withGaps } from "./smooth.js";

/** @typedef {import("./series.js").Series} Series */
/** @typedef {import("./plot.js").Curve} Curve */

/**
 * A run, or several that a mean is taken of.
 * @typedef {object} Member
 * @property {string} key
 * @property {string} label
 * @property {string} colour
 * @property {number[]} dash
 * @property {string[]} runs
 */

/**
 * @param {Member[]} members
 * @param {Series[]} whole Of the whole axis.
 * @param {Series[] | null} part Of what is zoomed into, in more points.
 * @param {{ smooth: number, band: string | null }} how band: take the mean of each member's runs.
 * @returns {Curve[]}
 */
export function curvesOf(members, whole, part, how) {
  const all = byRun(whole);
  const near = byRun(part ?? whole);
  const span = extentOf(whole);
  const length = span ? span[1] - span[0] : 0;
  /** @param {Member} member @returns {Curve[]} */
  const curves = ({ runs, ...look }) => {
    const [found, close] = [of(all, runs), of(near, runs)];
    if (found.length === 0) return [];
    if (how.band !== null) {
      // Each run is smoothed, and not the mean of them: it would leave its band behind.
      const lines = (how.smooth || !close.length ? found : close)
        .map(means)
        .map((line) => (how.smooth ? { x: line.x, y: smoothed(line, how.smooth, length) } : line));
      const mean = band(lines, how.band);
      return [{ ...look, raw: null, smooth: { x: mean.x, y: mean.mean }, band: found.length > 1 ? mean : null }];
    }
    return found.map((series) => {
      // The whole of it: a part alone would begin without what was before.
      const smooth = how.smooth ? smoothOf(series, how.smooth, length) : null;
      return { ...look, raw: near.get(series.run) ?? series, smooth, band: null };
    });
  };
  return members.flatMap(curves);
}

/** @param {Series} series @param {number} weight @param {number} span */
function smoothOf(series, weight, span) {
  const line = means(series);
  const smooth = { x: line.x, y: smoothed(line, weight, span) };
  return line === series ? smooth : withGaps(smooth, series);
}

/** What stands for all points: the extremes of each stretch alone would not. @param {Series} series */
function means(series) {
  return series.meanX.length ? { x: series.meanX, y: series.meanY } : series;
}

/** Where the series begin and end. @param {Series[]} series @returns {[number, number] | null} */
export function extentOf(series) {
  if (series.length === 0) return null;
  const first = Math.min(...series.map((each) => each.first));
  const last = Math.max(...series.map((each) => each.last));
  return first < last ? [first, last] : [first - 0.5, last + 0.5];
}

/** @param {Series[]} series */
function byRun(series) {
  return new Map(series.map((each) => [each.run, each]));
}

/** @param {Map<string, Series>} series @param {string[]} runs */
function of(series, runs) {
  return runs.flatMap((run) => series.get(run) ?? []);
}

/** What the picture does not show by itself. @param {Series[]} series @param {boolean} log */
export function remarks(series, log) {
  const sum = (/** @type {(each: Series) => number} */ read) => series.reduce((all, each) => all + read(each), 0);
  const nan = sum((each) => each.nan);
  const infinite = sum((each) => each.infinite);
  const below = log ? sum((each) => each.y.reduce((all, y) => all + Number(y <= 0 && Number.isFinite(y)), 0)) : 0;
  return [
    nan ? `${nan.toLocaleString("en")} NaN` : "",
    infinite ? `${infinite.toLocaleString("en")} infinite` : "",
    below ? "some are ≤ 0, and not on a logarithmic axis" : "",
  ].filter(Boolean);
}
