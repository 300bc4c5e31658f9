"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const page = document.getElementById("page");
const COLORS = ["#2a6fdb", "#d9541e", "#2b9348", "#8e44ad", "#c9a100", "#17a2a8", "#c2185b", "#607080"];
const WIDTH = 760, HEIGHT = 280, LEFT = 60, BOTTOM = 30, EDGE = 12;

// All text goes through here or through textContent: what runs say is never markup.
function element(name, parent, text) {
  const made = document.createElement(name);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function shape(name, parent, attributes, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent.append(made);
  return made;
}

function shown(value) {
  if (value === null) return "";
  return typeof value === "number" && !Number.isInteger(value) ? String(+value.toPrecision(6)) : String(value);
}

function compare(a, b) {
  if (a === b) return 0;
  if (a === null || b === null) return a === null ? 1 : -1;
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a) < String(b) ? -1 : 1;
}

function choice(parent, label, options, chosen, change) {
  const select = element("select", parent);
  select.setAttribute("aria-label", label);
  options.forEach((name, at) => {
    const option = element("option", select, name);
    option.value = at;
    option.selected = at === chosen;
  });
  select.addEventListener("change", () => change(Number(select.value)));
}

function extent(values) {
  let low = Infinity, high = -Infinity;
  for (const value of values) { low = Math.min(low, value); high = Math.max(high, value); }
  return low === high ? [low - 1, high + 1] : [low, high];
}

function axes(parent, xs, ys, xName, yName) {
  const svg = shape("svg", parent, { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, role: "img" });
  const [x0, x1] = extent(xs), [y0, y1] = extent(ys);
  const x = (value) => LEFT + (value - x0) / (x1 - x0) * (WIDTH - LEFT - EDGE);
  const y = (value) => HEIGHT - BOTTOM - (value - y0) / (y1 - y0) * (HEIGHT - BOTTOM - EDGE);
  shape("line", svg, { class: "axis", x1: LEFT, x2: WIDTH - EDGE, y1: HEIGHT - BOTTOM, y2: HEIGHT - BOTTOM });
  shape("line", svg, { class: "axis", x1: LEFT, x2: LEFT, y1: EDGE, y2: HEIGHT - BOTTOM });
  for (const part of [0, 0.5, 1]) {
    const xv = x0 + part * (x1 - x0), yv = y0 + part * (y1 - y0);
    shape("text", svg, { x: x(xv), y: HEIGHT - BOTTOM + 14, "text-anchor": "middle" }, shown(+xv.toPrecision(4)));
    shape("text", svg, { x: LEFT - 6, y: y(yv) + 4, "text-anchor": "end" }, shown(+yv.toPrecision(4)));
  }
  shape("text", svg, { x: WIDTH / 2, y: HEIGHT - 2, "text-anchor": "middle" }, xName);
  shape("text", svg, { x: LEFT + 6, y: EDGE + 4 }, yName);
  return { svg, x, y };
}

function table(parent) {
  element("h2", parent, "Runs");
  const filter = element("input", parent);
  filter.type = "search";
  filter.placeholder = "Filter";
  filter.setAttribute("aria-label", "Filter");
  const count = element("span", parent);
  const scroll = element("div", parent);
  scroll.className = "scroll";
  const grid = element("table", scroll);
  const head = element("tr", element("thead", grid));
  const body = element("tbody", grid);
  let column = 0, sign = 1;
  data.columns.forEach((name, at) => {
    element("button", element("th", head), name).addEventListener("click", () => {
      sign = column === at ? -sign : 1;
      column = at;
      fill();
    });
  });
  function fill() {
    const words = filter.value.toLowerCase().split(/\s+/);
    const rows = data.rows
      .filter((row) => { const all = row.map(shown).join("\n").toLowerCase(); return words.every((word) => all.includes(word)); })
      .sort((a, b) => sign * compare(a[column], b[column]));
    body.replaceChildren();
    for (const row of rows) {
      const line = element("tr", body);
      for (const value of row) {
        const cell = element("td", line, shown(value));
        if (typeof value === "number") cell.className = "number";
      }
    }
    count.textContent = `${rows.length} of ${data.rows.length} runs`;
  }
  filter.addEventListener("input", fill);
  fill();
}

function curves(parent) {
  for (const [name, found] of Object.entries(data.curves)) {
    const some = found.filter((curve) => curve.x.length);
    if (!some.length) continue;
    element("h2", parent, name);
    const { svg, x, y } = axes(parent, some.flatMap((c) => c.x), some.flatMap((c) => c.y), "step", name);
    some.forEach((curve, at) => {
      const points = curve.x.map((step, i) => `${x(step).toFixed(1)},${y(curve.y[i]).toFixed(1)}`).join(" ");
      const line = shape("polyline", svg, { class: "line", stroke: COLORS[at % COLORS.length], points });
      shape("title", line, {}, curve.run);
    });
  }
}

function scatter(parent) {
  const numbers = data.columns.map((_, at) => at).filter((at) => data.rows.some((row) => typeof row[at] === "number"));
  if (numbers.length < 2) return;
  element("h2", parent, "Against each other");
  const names = numbers.map((at) => data.columns[at]);
  const first = names.findIndex((name) => !/^(attempt|seconds|metrics\.|result\.)/.test(name));
  const metric = names.findIndex((name) => /^(metrics|result)\./.test(name));
  let across = Math.max(first, 0), up = metric < 0 ? names.length - 1 : metric;
  const bar = element("div", parent), place = element("div", parent);
  choice(bar, "Across", names, across, (at) => { across = at; draw(); });
  choice(bar, "Up", names, up, (at) => { up = at; draw(); });
  function draw() {
    const pairs = data.rows.map((row) => [row[numbers[across]], row[numbers[up]], row[0]])
      .filter(([a, b]) => typeof a === "number" && typeof b === "number");
    place.replaceChildren();
    if (!pairs.length) return;
    const { svg, x, y } = axes(place, pairs.map((p) => p[0]), pairs.map((p) => p[1]), names[across], names[up]);
    for (const [a, b, run] of pairs) {
      const dot = shape("circle", svg, { class: "dot", cx: x(a), cy: y(b), r: 4 });
      shape("title", dot, {}, `${run}: ${shown(a)}, ${shown(b)}`);
    }
  }
  draw();
}

document.title = `${data.title}: runs`;
element("h1", page, data.title);
element("p", page, `${data.rows.length} runs, as of ${data.made_at}`);
table(page);
curves(page);
scatter(page);
