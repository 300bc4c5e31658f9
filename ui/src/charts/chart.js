// One chart: a metric of one run or of several.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { number } from "../format.js";
import { html } from "../html.js";
import { place } from "./axis.js";
import { dark } from "./colours.js";
import { curvesOf, extentOf, remarks } from "./curves.js";
import { lineOf, Plot } from "./plot.js";
import { settings, zoomTo } from "./settings.js";
import { useSeries } from "./use.js";

/** @typedef {import("./curves.js").Member} Member */
/** @typedef {import("./plot.js").Hit} Hit */

const MOST_LINES = 9;
const NEAR = 24; // pixels from the cursor to the curve that stands out

/**
 * @param {object} properties
 * @param {string} properties.project
 * @param {string} properties.name The metric.
 * @param {Member[]} properties.members
 * @param {string | null} properties.band What is drawn around the mean of each member's runs; null: no mean.
 * @param {boolean} properties.live Whether a run logs now.
 * @param {string | null} [properties.focus] The member that stands out.
 */
export function Chart({ project, name, members, band, live, focus = null }) {
  const home = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {Plot | null} */ (null));
  const [wide, setWide] = useState(false);
  const [points, seen] = useRoom(home);
  const [at, setAt] = useState(/** @type {{ left: number, top: number } | null} */ (null));
  const [spoken, setSpoken] = useState("");
  const { axis, smooth, log, zoom } = settings.value;
  const runs = useMemo(() => members.flatMap((member) => member.runs), [members]);
  const { whole, part, error } = useSeries({ project, runs, name, x: axis }, zoom, points, live && seen);

  const curves = useMemo(
    () => curvesOf(members, whole?.series ?? [], part?.series ?? null, { smooth, band }),
    [members, whole, part, smooth, band],
  );
  const extent = zoom ?? extentOf(whole?.series ?? []);
  const hits = at && plot.current ? plot.current.hits(at) : [];
  const near = hits[0] && hits[0].away < NEAR && curves.length > 1 ? hits[0].curve.key : null;
  const look = extent && { curves, axis, log, extent, focus: focus ?? near };

  useLayoutEffect(() => {
    if (!home.current) return;
    if (!look || !plot.current?.fits(look)) {
      plot.current?.destroy();
      plot.current = null;
    }
    if (!look) return;
    if (plot.current) plot.current.show(look);
    else plot.current = new Plot(home.current, look, { onZoom: zoomTo, onMove: setAt });
  }, [curves, axis, log, extent?.[0], extent?.[1], look?.focus, dark.value]);

  useEffect(() => () => plot.current?.destroy(), []);

  useEffect(() => {
    const element = home.current;
    if (!element) return undefined;
    const observer = new ResizeObserver(() => plot.current?.resize());
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  /** @param {KeyboardEvent} event */
  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !extent || !plot.current) return;
    const span = extent[1] - extent[0];
    const middle = at ? plot.current.u.posToVal(at.left, "x") : (extent[0] + extent[1]) / 2;
    const step = (event.shiftKey ? 0.1 : 0.01) * span;
    /** @param {number} x */
    const point = (x) => {
      const to = Math.min(Math.max(x, extent[0]), extent[1]);
      plot.current?.point(to);
      const now = plot.current?.hits({ left: plot.current.u.valToPos(to, "x"), top: 0 }) ?? [];
      setSpoken(words(now, axis));
    };
    if (event.key === "ArrowLeft") point(at ? middle - step : extent[1]);
    else if (event.key === "ArrowRight") point(at ? middle + step : extent[0]);
    else if (event.key === "Home") point(extent[0]);
    else if (event.key === "End") point(extent[1]);
    else if (event.key === "+" || event.key === "=") zoomTo([middle - span / 4, middle + span / 4]);
    else if (event.key === "-") zoomTo(zoom ? wider(zoom, extentOf(whole?.series ?? [])) : null);
    else if (event.key === "0") zoomTo(null);
    else if (event.key === "Escape" && (zoom || at)) {
      zoomTo(null);
      plot.current.leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  const missing = whole ? members.filter((member) => !curves.some((curve) => curve.key === member.key)).length : 0;
  const notes = whole ? remarks((zoom && part ? part : whole).series, log) : [];
  return html`<figure class=${`chart ${wide ? "wide" : ""}`}>
    <figcaption>
      <span class="chart-name" title=${name}>${name}</span>
      ${curves.length === 1 && curves[0] && html`<span class="chart-last">${lastOf(curves[0])}</span>`}
      ${notes.map((note) => html`<span class="chart-note" title="Gaps in the curve; marks at the bottom show where.">${note}</span>`)}
      <button
        type="button"
        class="plain"
        aria-pressed=${wide}
        aria-label=${`${wide ? "Small" : "Large"} chart of ${name}`}
        title=${wide ? "Small" : "Large"}
        onClick=${() => setWide(!wide)}
      >
        ⤢
      </button>
    </figcaption>
    <div
      class="chart-frame"
      tabindex="0"
      role="img"
      aria-label=${summary(name, curves)}
      title=""
      onKeyDown=${onKey}
      onBlur=${() => plot.current?.leave()}
    >
      <div class="chart-home" ref=${home}></div>
      ${whole && curves.length === 0 && html`<p class="chart-empty dim">No point was logged.</p>`}
      ${!whole && !error && html`<p class="chart-empty dim">Reading…</p>`}
      ${at && hits.length > 0 && html`<${Tip} hits=${hits} at=${at} axis=${axis} width=${home.current?.clientWidth ?? 0} />`}
    </div>
    <span class="hidden" aria-live="polite">${spoken}</span>
    ${missing > 0 && members.length > 1 && html`<p class="chart-more dim">${missing} of ${members.length} have not logged it.</p>`}
    ${error && html`<p class="chart-more refused" role="alert">${error}</p>`}
    ${whole?.problems.map((problem) => html`<p class="chart-more refused" role="alert">${problem.run}: ${problem.error}</p>`)}
  </figure>`;
}

/** @param {{ hits: Hit[], at: { left: number, top: number }, axis: string, width: number }} properties */
function Tip({ hits, at, axis, width }) {
  const first = hits[0];
  if (!first) return null;
  const shown = hits.slice(0, MOST_LINES).sort((a, b) => (b.y || 0) - (a.y || 0));
  const onRight = at.left + 54 > width / 2;
  const style = onRight ? { right: `${width - at.left - 54 + 14}px` } : { left: `${at.left + 54 + 14}px` };
  return html`<div class="chart-tip" style=${{ ...style, top: "6px" }}>
    <div class="dim">${place(first.x, axis)}</div>
    ${shown.map(
      ({ curve, y }) => html`<div class=${`tip-line ${curve === first.curve ? "nearest" : ""}`}>
        <span class="swatch" style=${{ background: curve.colour }}></span
        ><span class="tip-label">${curve.label}</span><b>${value(y)}</b>
      </div>`,
    )}
    ${hits.length > MOST_LINES && html`<div class="dim">and ${hits.length - MOST_LINES} more</div>`}
  </div>
  ${Number.isFinite(first.away) && html`<span class="chart-dot" style=${{ left: `${first.left + 54}px`, top: `${first.top + 8}px`, background: first.curve.colour }}></span>`}`;
}

/** @param {number} y */
function value(y) {
  return Number.isFinite(y) ? number(y) : Number.isNaN(y) ? "NaN" : y > 0 ? "∞" : "−∞";
}

/** @param {Hit[]} hits @param {string} axis */
function words(hits, axis) {
  const first = hits[0];
  if (!first) return "";
  const said = hits.slice(0, MOST_LINES).map(({ curve, y }) => `${curve.label} ${value(y)}`);
  return `${place(first.x, axis)}: ${said.join(", ")}`;
}

/** @param {import("./plot.js").Curve} curve */
function lastOf(curve) {
  const { y } = lineOf({ ...curve, smooth: curve.raw ? null : curve.smooth });
  return y.length ? value(y[y.length - 1] ?? NaN) : "";
}

/** @param {string} name @param {import("./plot.js").Curve[]} curves */
function summary(name, curves) {
  if (curves.length === 0) return `${name}: nothing to show`;
  const said = curves.slice(0, MOST_LINES).map((curve) => `${curve.label}, last ${lastOf(curve)}`);
  const more = curves.length > MOST_LINES ? `; and ${curves.length - MOST_LINES} more` : "";
  return `${name}: ${said.join("; ")}${more}. Arrow keys read values, + and − zoom, 0 shows all.`;
}

/** @param {[number, number]} part @param {[number, number] | null} whole @returns {[number, number] | null} */
function wider([low, high], whole) {
  const span = high - low;
  if (!whole || span * 2 >= whole[1] - whole[0]) return null;
  return [Math.max(low - span / 2, whole[0]), Math.min(high + span / 2, whole[1])];
}

/**
 * How many points there is room for, 0 until the chart is first seen; and whether it is seen now.
 * @param {{ current: HTMLDivElement | null }} home
 * @returns {[number, boolean]}
 */
function useRoom(home) {
  const [points, setPoints] = useState(0);
  const [seen, setSeen] = useState(false);
  useEffect(() => {
    const element = home.current;
    if (!element) return undefined;
    // Four for each stretch of two pixels; in steps, so that a small change asks for nothing.
    const measure = () => setPoints(Math.min(2000, Math.max(600, Math.ceil((element.clientWidth * 2) / 400) * 400)));
    const observer = new IntersectionObserver(
      (entries) => {
        const now = entries.some((entry) => entry.isIntersecting);
        setSeen(now);
        if (now) measure();
      },
      { rootMargin: "200px" },
    );
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [points, seen];
}
