// A dot for each run: one value against another.
import { useState } from "preact/hooks";
import { value } from "../format.js";
import { html } from "../html.js";
import { go, route } from "../route.js";
import { colour, slotsOf } from "./colours.js";
import { likely } from "./fields.js";
import { FieldPick, useWidth } from "./pick.js";
import { scaleOf } from "./scale.js";

/** @typedef {import("../types.js").Compared} Compared */
/** @typedef {import("./fields.js").Field} Field */

const HEIGHT = 420;
const EDGE = { left: 64, right: 16, top: 12, bottom: 44 };

/** @param {{ runs: Compared[], fields: Field[], onOpen: (run: string) => void }} properties */
export function Scatter({ runs, fields, onOpen }) {
  const [home, width] = useWidth();
  const [on, setOn] = useState(-1);
  const across = fields.find(({ id }) => id === route.value.fx) ?? likely(fields, "input");
  const up = fields.find(({ id }) => id === route.value.fy) ?? likely(fields, "outcome", across ? [across.id] : []);
  if (!across || !up) return html`<p class="empty dim">These runs have no params, no results and no metrics to compare.</p>`;
  const [xs, ys] = [scaleOf(across, Math.max(3, Math.floor(width / 90)), route.value.lx), scaleOf(up, 8, route.value.ly)];
  const right = Math.max(width - EDGE.right, EDGE.left + 40);
  const bottom = HEIGHT - EDGE.bottom;
  const toX = (/** @type {number} */ at) => EDGE.left + at * (right - EDGE.left);
  const toY = (/** @type {number} */ at) => bottom - at * (bottom - EDGE.top);
  const slots = slotsOf(runs.map((run) => run.run));
  const dots = runs.flatMap((run, at) => {
    const [x, y] = [xs.at(across.values[at]), ys.at(up.values[at])];
    return x === null || y === null ? [] : [{ run, at, left: toX(x), top: toY(y) }];
  });
  const say = (/** @type {number} */ at) =>
    `${runs[at]?.run}: ${across.name} ${value(across.values[at])}, ${up.name} ${value(up.values[at])}`;
  // One stop of the Tab key for all dots; the arrows go through them from left to right.
  const order = [...dots].sort((a, b) => a.left - b.left || a.top - b.top);
  /** @param {KeyboardEvent} event */
  function onKey(event) {
    const now = order.findIndex((dot) => dot.at === on);
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const dot = order[now < 0 ? 0 : Math.min(Math.max(now + (step ?? 0), 0), order.length - 1)];
    if (event.key === "Enter" && dot) onOpen(dot.run.run);
    else if (step !== undefined && dot) setOn(dot.at);
    else return;
    event.preventDefault();
  }
  const shown = dots.find((dot) => dot.at === on);
  return html`<section aria-label="Scatter">
    <div class="chart-controls">
      <${FieldPick} label="Across" fields=${fields} value=${across.id} onPick=${(/** @type {string} */ id) => go({ fx: id, lx: undefined }, { replace: true })} />
      <${FieldPick} label="Up" fields=${fields} value=${up.id} onPick=${(/** @type {string} */ id) => go({ fy: id, ly: undefined }, { replace: true })} />
      <${LogBox} name="lx" text="Log across" scale=${xs} field=${across} /><${LogBox} name="ly" text="Log up" scale=${ys} field=${up} />
      ${dots.length < runs.length && html`<span>${runs.length - dots.length} of ${runs.length} runs lack one of the two.</span>`}
    </div>
    <div class="figure" ref=${home} tabindex="0" role="application" aria-roledescription="scatter plot" aria-label=${`${up.name} against ${across.name}, ${dots.length} runs. Arrow keys go through them, Enter opens one.`} onKeyDown=${onKey} onBlur=${() => setOn(-1)}>
      <svg width=${Math.max(width, 100)} height=${HEIGHT} aria-hidden="true">
        ${ys.marks.map(
          ({ at, text }) => html`<line class="grid" x1=${EDGE.left} x2=${right} y1=${toY(at)} y2=${toY(at)} />
            <text x=${EDGE.left - 8} y=${toY(at) + 4} text-anchor="end">${short(text)}</text>`,
        )}
        ${xs.marks.map(
          ({ at, text }) => html`<line class="grid" x1=${toX(at)} x2=${toX(at)} y1=${EDGE.top} y2=${bottom} />
            <text x=${toX(at)} y=${bottom + 16} text-anchor="middle">${short(text)}</text>`,
        )}
        <text class="axis-name" x=${(EDGE.left + right) / 2} y=${HEIGHT - 6} text-anchor="middle">${across.name}</text>
        <text class="axis-name" transform=${`translate(13 ${(EDGE.top + bottom) / 2}) rotate(-90)`} text-anchor="middle">${up.name}</text>
        ${dots.map(
          ({ run, at, left, top }) => html`<circle
            key=${run.run}
            class=${`run-dot ${at === on ? "on" : ""} ${route.value.run === run.run ? "open" : ""}`}
            cx=${left}
            cy=${top}
            r=${at === on ? 7 : 5}
            fill=${colour(slots.get(run.run) ?? 0)}
            onMouseEnter=${() => setOn(at)}
            onMouseLeave=${() => setOn(-1)}
            onClick=${() => onOpen(run.run)}
          />`,
        )}
      </svg>
      ${
        shown &&
        html`<div class="chart-tip" style=${{ top: `${Math.max(shown.top - 64, 2)}px`, ...(shown.left > width / 2 ? { right: `${width - shown.left + 12}px` } : { left: `${shown.left + 12}px` }) }}>
          <div class="tip-line nearest"><span class="swatch" style=${{ background: colour(slots.get(shown.run.run) ?? 0) }}></span><b>${shown.run.run}</b></div>
          <div class="tip-line"><span class="tip-label">${across.name}</span><b>${value(across.values[on])}</b></div>
          <div class="tip-line"><span class="tip-label">${up.name}</span><b>${value(up.values[on])}</b></div>
        </div>`
      }
    </div>
    <span class="hidden" aria-live="polite">${shown ? say(on) : ""}</span>
  </section>`;
}

/** @param {{ name: "lx" | "ly", text: string, scale: import("./scale.js").Scale, field: Field }} properties */
function LogBox({ name, text, scale, field }) {
  const can = field.number && field.values.every((item) => typeof item !== "number" || item > 0);
  return html`<label title=${can ? undefined : "Only what is greater than 0 can be on a logarithmic axis"}
    ><input
      type="checkbox"
      checked=${scale.log}
      disabled=${!can}
      onChange=${() => go({ [name]: scale.log ? "linear" : "log" }, { replace: true })}
    />
    ${text}</label
  >`;
}

/** @param {string} text */
function short(text) {
  return text.length > 14 ? `${text.slice(0, 13)}…` : text;
}
