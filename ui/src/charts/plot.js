// One picture of curves. uPlot makes the axes and follows the mouse; the curves we draw ourselves,
// since each has points of its own, with gaps, with a band around it, or with a smoother one on top.
import uPlot from "uplot";
import { AXES, logMarks, mark, room, span, TIMES } from "./axis.js";
import { ink } from "./colours.js";
import { paint } from "./paint.js";
import { nearest } from "./smooth.js";
import { followFinger } from "./touch.js";

/** @typedef {import("./smooth.js").Line} Line */
/** @typedef {import("./smooth.js").Band} Band */

/**
 * @typedef {object} Curve
 * @property {string} key
 * @property {string} label
 * @property {string} colour
 * @property {number[]} dash
 * @property {Line | null} raw As it was logged.
 * @property {Line | null} smooth On top of it.
 * @property {Band | null} band
 */

/**
 * @typedef {object} Look
 * @property {Curve[]} curves
 * @property {keyof typeof AXES} axis
 * @property {boolean} log
 * @property {[number, number]} extent Of the x axis.
 * @property {string | null} focus The key of the curve that stands out.
 */

/** @typedef {{ curve: Curve, x: number, y: number, left: number, top: number, away: number }} Hit */

const FONT = '11px ui-sans-serif, system-ui, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif';

export class Plot {
  /**
   * @param {HTMLElement} home
   * @param {Look} look
   * @param {{ onZoom: (part: [number, number] | null) => void, onMove: (at: { left: number, top: number } | null) => void }} told
   */
  constructor(home, look, told) {
    this.look = look;
    this.home = home;
    this.made = { axis: look.axis, log: look.log };
    this.range = yRange(look);
    const axes = { font: FONT, stroke: () => ink("--dim"), grid: line(), ticks: { ...line(), size: 4 } };
    this.u = new uPlot(
      {
        width: Math.max(home.clientWidth, 80),
        height: Math.max(home.clientHeight, 60),
        padding: [8, 18, 0, 0],
        legend: { show: false },
        scales: {
          x: { time: look.axis === "time", range: () => this.look.extent },
          y: { distr: look.log ? 3 : 1, range: () => this.range },
        },
        axes: [
          { ...axes, size: 26, gap: 4, space: 60, ...xAxis(look.axis) },
          { ...axes, size: 54, gap: 5, space: 26, values: (_u, values) => values.map(mark), ...yAxis(look.log) },
        ],
        series: [{}, { paths: () => null, points: { show: false } }],
        cursor: {
          y: false,
          points: { show: false },
          drag: { x: true, y: false, setScale: false, dist: 4 },
          bind: {
            dblclick: () => () => {
              told.onZoom(null);
              return null;
            },
          },
        },
        hooks: {
          draw: [() => this.paint()],
          setCursor: [
            (u) => {
              const { left = -1, top = -1 } = u.cursor;
              told.onMove(left < 0 ? null : { left, top });
            },
          ],
          setSelect: [
            (u) => {
              const { left, width } = u.select;
              u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              if (width > 0) told.onZoom([u.posToVal(left, "x"), u.posToVal(left + width, "x")]);
            },
          ],
        },
      },
      this.frame(),
      home,
    );
    followFinger(this.u.over);
  }

  /** Whether the same picture can show it. @param {Look} look */
  fits(look) {
    return look.axis === this.made.axis && look.log === this.made.log;
  }

  /** @param {Look} look */
  show(look) {
    this.look = look;
    this.range = yRange(look);
    this.u.setData(this.frame());
  }

  resize() {
    const [width, height] = [Math.max(this.home.clientWidth, 80), Math.max(this.home.clientHeight, 60)];
    if (width !== this.u.width || height !== this.u.height) this.u.setSize({ width, height });
  }

  destroy() {
    this.u.destroy();
  }

  /** Two corners, which span the axes. @returns {uPlot.AlignedData} */
  frame() {
    return [this.look.extent, this.range];
  }

  /** Where the cursor is put by the keyboard. @param {number} x */
  point(x) {
    const left = this.u.valToPos(x, "x");
    this.u.setCursor({ left, top: this.u.over.clientHeight / 2 });
  }

  /** Take the cursor away. */
  leave() {
    this.u.setCursor({ left: -10, top: -10 });
  }

  /** What is beside the cursor: a point of each curve, the nearest first. @param {{ left: number, top: number }} at @returns {Hit[]} */
  hits({ left, top }) {
    const { u } = this;
    const place = u.posToVal(left, "x");
    const [low, high] = this.look.extent;
    return this.look.curves
      .flatMap((curve) => {
        const shown = lineOf(curve);
        const at = nearest(shown.x, place);
        const [x, y] = [shown.x[at], shown.y[at]];
        if (x === undefined || y === undefined || x < low || x > high) return [];
        // A curve that ended long before has nothing to say here.
        const beyond = Math.abs(u.valToPos(x, "x") - left);
        if (beyond > 60 && shown.x.length > 1 && (at === 0 || at === shown.x.length - 1)) return [];
        const seen = Number.isFinite(y) && !(this.look.log && y <= 0);
        const point = { left: u.valToPos(x, "x"), top: seen ? u.valToPos(y, "y") : NaN };
        return [{ curve, x, y, ...point, away: seen ? Math.abs(point.top - top) : Infinity }];
      })
      .sort((a, b) => a.away - b.away);
  }

  paint() {
    const { ctx, bbox } = this.u;
    const { curves, focus, extent, log } = this.look;
    paint({ ctx, bbox, ratio: uPlot.pxRatio, extent, range: this.range, log }, curves, focus);
  }
}

/** What is read of a curve: the smooth one if there is one. @param {Curve} curve @returns {Line} */
export function lineOf({ smooth, band, raw }) {
  return smooth ?? raw ?? { x: band?.x ?? [], y: band?.mean ?? [] };
}

/** @param {Look} look @returns {[number, number]} */
function yRange({ curves, extent, log }) {
  let low = Infinity;
  let high = -Infinity;
  for (const { raw, smooth, band } of curves) {
    const lines = [raw, smooth, band && { x: band.x, y: band.low }, band && { x: band.x, y: band.high }];
    for (const line of lines) {
      if (!line) continue;
      for (let at = 0; at < line.x.length; at += 1) {
        const [x, y] = [line.x[at] ?? NaN, line.y[at] ?? NaN];
        if (x < extent[0] || x > extent[1] || !Number.isFinite(y) || (log && y <= 0)) continue;
        if (y < low) low = y;
        if (y > high) high = y;
      }
    }
  }
  return room(low, high, log);
}

/** @param {keyof typeof AXES} axis @returns {uPlot.Axis} */
function xAxis(axis) {
  if (axis === "time") return { values: CLOCK, size: 40 };
  if (axis === "seconds") return { incrs: TIMES, values: (_u, values) => values.map(span) };
  return { incrs: STEPS, values: (_u, values) => values.map(mark) };
}

const STEPS = Array.from({ length: 19 }, (_, power) => [1, 2, 5].map((each) => each * 10 ** power)).flat();

// In seconds: from which distance of marks on, how each is written, and what stands below where
// the year or the day changes. https://github.com/leeoniya/uPlot/tree/master/docs#axis--grid-opts
/** @type {any} */
const CLOCK = [
  [86400 * 365, "{YYYY}", null, null, null, null, null, null, 1],
  [86400 * 28, "{MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [86400, "{D} {MMM}", "\n{YYYY}", null, null, null, null, null, 1],
  [60, "{HH}:{mm}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{D} {MMM}", null, "\n{D} {MMM}", null, null, null, 1],
  [0.001, ":{ss}.{fff}", "\n{HH}:{mm}", null, "\n{HH}:{mm}", null, "\n{HH}:{mm}", null, 1],
];

/** uPlot's own marks of a logarithmic axis are nine to a decade. @param {boolean} log @returns {uPlot.Axis} */
function yAxis(log) {
  if (!log) return {};
  return {
    splits: (u, _axis, low, high) => logMarks(low, high, u.over.clientHeight / 26 || 5),
    filter: (_u, splits) => splits,
  };
}

function line() {
  return { stroke: () => ink("--line"), width: 1 };
}
