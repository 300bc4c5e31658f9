// Drawing curves on a canvas, between axes that are there already.

/** @typedef {import("./smooth.js").Line} Line */
/** @typedef {import("./smooth.js").Band} Band */
/** @typedef {import("./plot.js").Curve} Curve */

/**
 * What is drawn on, and which part of the axes it shows.
 * @typedef {object} Ground
 * @property {CanvasRenderingContext2D} ctx
 * @property {{ left: number, top: number, width: number, height: number }} bbox In pixels of the canvas.
 * @property {number} ratio How many of these are one pixel of the page.
 * @property {[number, number]} extent Of the x axis.
 * @property {[number, number]} range Of the y axis.
 * @property {boolean} log
 */

const ROOMY = 14; // pixels from point to point, so that each is drawn as a dot

/** @param {Ground} ground @param {Curve[]} curves @param {string | null} focus The one that stands out. */
export function paint(ground, curves, focus) {
  const { ctx, bbox } = ground;
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.lineJoin = "round";
  // What stands out is drawn last.
  const ordered = [...curves].sort((a, b) => Number(a.key === focus) - Number(b.key === focus));
  for (const { key, colour, dash, raw, smooth, band } of ordered) {
    const alpha = focus === null || key === focus ? 1 : 0.2;
    ctx.strokeStyle = ctx.fillStyle = colour;
    if (band) {
      ctx.globalAlpha = alpha * 0.18;
      fill(ground, band);
    }
    ctx.globalAlpha = alpha * (smooth ? 0.25 : 1);
    if (raw) stroke(ground, raw, { dash: smooth ? [] : dash, width: smooth ? 1 : 1.5, dots: !smooth });
    ctx.globalAlpha = alpha;
    if (smooth) stroke(ground, smooth, { dash, width: 1.75, dots: false });
    if (raw) gaps(ground, raw);
  }
  ctx.restore();
}

/** @param {Ground} ground @param {Line} line @param {{ dash: number[], width: number, dots: boolean }} how */
function stroke(ground, { x, y }, { dash, width, dots }) {
  const { ctx, bbox, ratio } = ground;
  const [toX, toY] = scales(ground);
  const [first, end] = within(ground, x);
  const roomy = dots && (end - first) * ROOMY * ratio < bbox.width;
  ctx.lineWidth = width * ratio;
  ctx.setLineDash(dash.map((length) => length * ratio));
  ctx.beginPath();
  /** @type {[number, number][]} */
  const alone = [];
  let drawing = false;
  for (let at = first; at < end; at += 1) {
    const top = toY(y[at] ?? NaN);
    if (!Number.isFinite(top)) {
      drawing = false;
      continue;
    }
    const left = toX(x[at] ?? NaN);
    if (drawing) ctx.lineTo(left, top);
    else ctx.moveTo(left, top);
    const ends = at + 1 >= end || !Number.isFinite(toY(y[at + 1] ?? NaN));
    if (roomy || (!drawing && ends)) alone.push([left, top]);
    drawing = true;
  }
  ctx.stroke();
  ctx.setLineDash([]);
  ctx.beginPath();
  for (const [left, top] of alone) {
    ctx.moveTo(left, top);
    ctx.arc(left, top, 2 * ratio, 0, 2 * Math.PI);
  }
  ctx.fill();
}

/** A gap ends one area, and what comes after it begins another. @param {Ground} ground @param {Band} band */
function fill(ground, { x, low, high }) {
  const { ctx, bbox } = ground;
  const [toX, toY] = scales(ground);
  const bottom = bbox.top + bbox.height;
  ctx.beginPath();
  let begun = -1;
  for (let at = 0; at <= x.length; at += 1) {
    const whole = at < x.length && Number.isFinite(low[at]) && Number.isFinite(toY(high[at] ?? NaN));
    if (whole && begun < 0) begun = at;
    if (whole || begun < 0) continue;
    for (let up = begun; up < at; up += 1) {
      const point = /** @type {const} */ ([toX(x[up] ?? 0), toY(high[up] ?? 0)]);
      if (up === begun) ctx.moveTo(...point);
      else ctx.lineTo(...point);
    }
    for (let down = at - 1; down >= begun; down -= 1) {
      const top = toY(low[down] ?? 0);
      ctx.lineTo(toX(x[down] ?? 0), Number.isFinite(top) ? top : bottom);
    }
    ctx.closePath();
    begun = -1;
  }
  ctx.fill();
}

/** A short line at the bottom for what is no number. @param {Ground} ground @param {Line} line */
function gaps(ground, { x, y }) {
  const { ctx, bbox, ratio } = ground;
  const [toX] = scales(ground);
  const [first, end] = within(ground, x);
  for (let at = first; at < end; at += 1) {
    if (Number.isFinite(y[at])) continue;
    const left = Math.round(toX(x[at] ?? 0));
    ctx.fillRect(left - ratio, bbox.top + bbox.height - 7 * ratio, 2 * ratio, 7 * ratio);
  }
}

/** The points on the axis, and the next one on either side. @param {Ground} ground @param {ArrayLike<number>} x @returns {[number, number]} */
function within({ extent: [low, high] }, x) {
  let first = 0;
  while (first + 1 < x.length && (x[first + 1] ?? 0) < low) first += 1;
  let end = x.length;
  while (end - 2 > first && (x[end - 2] ?? 0) > high) end -= 1;
  return [first, end];
}

/** From values to pixels of the canvas; NaN and infinite for what is nowhere. @param {Ground} ground @returns {[(x: number) => number, (y: number) => number]} */
function scales({ bbox: { left, top, width, height }, extent: [first, last], range, log }) {
  const across = width / (last - first || 1);
  const way = log ? Math.log10 : (/** @type {number} */ value) => value;
  const [low, high] = [way(range[0]), way(range[1])];
  const up = height / (high - low || 1);
  const bottom = top + height;
  return [(x) => left + (x - first) * across, (y) => bottom - (way(y) - low) * up];
}
