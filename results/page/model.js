"use strict";
// A model: the newest result of each of its runs, their trends and their evidence.

document.title = `${data.model} – bitsweep`;
const rows = rowsOf(data.table).sort(byRun);
const marks = {"regressed": "▲ regressed", "no longer ok": "✕ no longer ok", "improved": "▼ improved"};
for (const row of rows) row.verdict = marks[data.verdicts[row.key]] ?? "";
const isBad = (row) => ["regressed", "no longer ok"].includes(data.verdicts[row.key]);
const shownFields = data.shown.filter((field) => field !== "model");
const nameOf = (row) => runName(row, shownFields);
const anchor = (row) => `run-${row.key}`;
const several = distinct(rows.map((row) => row.machine_class)).length > 1;

function writeSummary() {
  document.getElementById("title").textContent = data.model;
  const outcomes = distinct(rows.map((row) => row.outcome));
  document.getElementById("summary").textContent = `${plural(rows.length, "run")}${several ? " and machine" : ""}: ` +
    outcomes.map((outcome) => `${rows.filter((row) => row.outcome === outcome).length} ${outcome}`).join(", ") +
    (rows.some(isBad) ? `; ${rows.filter(isBad).length} worse in the last session` : "");
}

// ---- Table ------------------------------------------------------------------------------------------------------------
/** Half the width of the median's 95 % interval, in percent. */
function uncertainty({metrics}) {
  const [median, low, high] = [metrics.latency_p50, metrics.latency_p50_low, metrics.latency_p50_high];
  return median && low !== undefined && high !== undefined ? 50 * (high - low) / median : null;
}

/** What a metric is shown in: a unit that does not depend on the size of the number stands in the heading. */
function metricColumn(name, unit, value = (row) => row.metrics[name] ?? null, title = null) {
  const byItself = ["ns", "bytes", "x"].includes(unit);
  const text = (row) => byItself ? readable(value(row), unit) : readable(value(row), unit).replace(` ${unit}`, "");
  return {name, value, text, title, unit: byItself ? "" : unit, number: true};
}

const changeOf = (row) => row.change ? row.change[2] / row.change[1] - 1 : null;

const columns = [
  ...shownFields.map((name) => ({name, value: (row) => row[name], text: (row) => String(row[name]), number: rows.every((row) => /^\d+$/.test(row[name]))})),
  ...(several ? [{name: "machine", value: (row) => row.machine_class, text: (row) => row.machine_class}] : []),
  {name: "outcome", value: (row) => row.outcome, text: (row) => row.outcome},
  ...(rows.some((row) => row.verdict) ? [{name: "last session", value: (row) => row.verdict, text: (row) => row.verdict}] : []),
  ...[metricColumn("latency_p50", "ns"), metricColumn("±", "%", uncertainty, "half the width of the median's 95 % interval"),
      {name: "30 sessions", value: () => null, text: () => "", make: (row) => sparkline(row.recent), present: (row) => row.recent.length > 1},
      {name: "change", number: true, value: changeOf, title: "the last change point of the latency, or of the throughput", text: (row) => row.change
        ? `${percent(changeOf(row))}, ${day(bitsweep.known.sessions.get(row.change[0])?.started ?? "")}` : "–"},
      metricColumn("speedup", "x"), metricColumn("throughput", "images/s"), metricColumn("top1", "%"), metricColumn("sqnr", "dB"), metricColumn("weight_bytes", "bytes"),
      metricColumn("ceiling_share", "%", undefined, "of what the machine's ceilings allow")]
    .filter((column) => rows.some(column.present ?? ((row) => column.value(row) !== null))),
];

const order = {column: null, descending: false};

function compare(a, b) {
  const [x, y] = [order.column.value(a), order.column.value(b)];
  if (x === null || y === null) return (x === null) - (y === null);  // what is missing comes last
  const sign = order.descending ? -1 : 1;
  return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), "en", {numeric: true}));
}

function chosen() {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = document.getElementById("outcome").value;
  const some = rows.filter((row) => {
    const text = [nameOf(row), ...columns.map((column) => column.text(row)), row.run_id, row.reason].join(" ").toLowerCase();
    return (outcome === "" || row.outcome === outcome) && words.every((word) => text.includes(word));
  });
  return order.column ? some.sort(compare) : some;
}

function cell(column, row, first) {
  if (column.make) return element("td", {}, column.make(row));
  const text = column.text(row);
  if (column.name === "outcome") return element("td", {}, element("span", {class: `outcome ${row.outcome}`, title: row.reason || null}, text));
  const shown = first ? element("a", {href: `#${anchor(row)}`}, shortened(text))
    : text === "–" ? element("span", {class: "none"}, text) : shortened(text);
  return element("td", {class: column.number ? "number" : null, title: text.length > 36 ? text : null}, shown);
}

function sortBy(column) {
  order.descending = order.column === column && !order.descending;
  order.column = column;
  for (const [i, heading] of document.querySelectorAll("#table thead th").entries()) {
    if (columns[i] === column) heading.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    else heading.removeAttribute("aria-sort");
  }
  show();
}

function writeTable() {
  document.getElementById("table").append(
    element("thead", {}, element("tr", {}, ...columns.map((column) =>
      element("th", {scope: "col", class: column.number ? "number" : null, title: column.title},
        column.make ? column.name : element("button", {type: "button", onclick: () => sortBy(column)}, column.name),
        column.unit ? element("span", {class: "unit"}, column.unit) : null)))),
    element("tbody"));
  document.getElementById("outcome").append(...distinct(rows.map((row) => row.outcome)).map((outcome) => element("option", {value: outcome}, outcome)));
}

// ---- Trends -----------------------------------------------------------------------------------------------------------
/** Boxes of rows, some at once and more when asked for. */
function pagedList(place, more, size, boxOf) {
  const boxes = new Map();
  let some = [], shown = 0;
  const boxFor = (row) => boxes.get(row) ?? boxes.set(row, boxOf(row)).get(row);
  const add = () => {
    place.append(...some.slice(shown, shown + size).map(boxFor));
    shown = Math.min(some.length, shown + size);
    more.hidden = shown === some.length;
    more.textContent = `Show ${Math.min(size, some.length - shown)} more of ${some.length}`;
  };
  more.addEventListener("click", add);
  return {
    show(list) {
      some = list;
      shown = 0;
      place.replaceChildren();
      add();
    },
    forget() { boxes.clear(); },
    box: boxFor,
  };
}

/** What a reader wants first: the time, or the throughput of several streams. */
let metricName = "";
const metricOf = (trend) => metricName === "" ? trend.metrics.find((metric) => metric.name === "latency_p50") ?? trend.metrics.find((metric) => metric.name === "throughput")
  : trend.metrics.find((metric) => metric.name === metricName);

const trendList = pagedList(document.getElementById("trends"), document.getElementById("more"), 8, (row) =>
  element("article", {class: isBad(row) ? "card bad" : "card"}, element("h3", {}, element("a", {href: `#${anchor(row)}`}, shortened(nameOf(row), 80)), row.verdict ? element("span", {class: "metric"}, ` ${row.verdict}`) : null), trendBox(row.key, nameOf(row), metricOf, 180)));

function writeTrendControls() {
  const select = element("select", {id: "metric"}, element("option", {value: ""}, "latency, or throughput"),
    ...["throughput", "top1", "sqnr", "prepare_time", "weight_bytes", "activation_bytes"].map((name) => element("option", {value: name}, name)));
  select.addEventListener("change", () => {
    metricName = select.value;
    trendList.forget();
    show();
  });
  document.getElementById("trend-controls").append(element("label", {}, "Metric ", select));
}

function writeAccuracy() {
  const place = document.getElementById("accuracy");
  const fine = rows.filter((row) => row.outcome === "ok" && row.metrics.latency_p50);
  for (const [name, title, unit, some] of [["top1", "top-1 accuracy", "%", fine], ["sqnr", "SQNR against FP32", "dB", fine.filter((row) => row.metrics.top1 === undefined)]]) {
    const points = some.filter((row) => row.metrics[name] !== undefined).map((row) => ({
      name: nameOf(row), precision: row.precision, pruned: isPruned(row), latency: row.metrics.latency_p50, value: row.metrics[name]}));
    if (points.length === 0) continue;
    const chart = frontChart(title, unit, points);
    place.append(chart.box);
    chart.start();
  }
  if (!place.hasChildNodes()) place.append(element("p", {class: "empty"}, "No run here has both a latency and an accuracy."));
}

// ---- Evidence ---------------------------------------------------------------------------------------------------------
function runBox(row) {
  const box = element("details", {class: "run", id: anchor(row)},
    element("summary", {},
      element("span", {class: "name"}, nameOf(row)),
      element("span", {class: `outcome ${row.outcome}`}, row.outcome),
      element("span", {class: "figure"}, readable(row.metrics.latency_p50, "ns")),
      element("span", {class: "figure"}, readable(row.metrics.speedup, "x"))));
  box.addEventListener("toggle", async () => {
    if (!box.open || box.children.length > 1) return;
    const place = element("div", {class: "waiting"});
    box.append(place);  // made when it is first asked for
    try {
      const {trend, newest} = await bitsweep.load(row.key);
      const body = evidence(newest, trend);
      place.replaceWith(body.box);
      body.start();
    } catch (error) {
      place.replaceWith(element("p", {class: "empty"}, error.message));
    }
  });
  return box;
}

const runList = pagedList(document.getElementById("runs"), document.getElementById("more-runs"), 100, runBox);

function show() {
  const some = chosen();
  document.getElementById("count").textContent = some.length === rows.length ? plural(rows.length, "run") : `${some.length} of ${plural(rows.length, "run")}`;
  document.querySelector("#table tbody").replaceChildren(...some.map((row) => element("tr", {}, ...columns.map((column, i) => cell(column, row, i === 0)))));
  trendList.show(order.column ? some : [...some.filter(isBad), ...some.filter((row) => !isBad(row))]);
  runList.show(some);
}

function openLinked() {
  const row = rows.find((one) => `#${anchor(one)}` === location.hash);
  if (!row) return;
  const box = runList.box(row);
  if (!box.isConnected) document.getElementById("runs").prepend(box);
  box.open = true;
  box.scrollIntoView();
  box.querySelector("summary").focus({preventScroll: true});
}

writeSummary();
writeTable();
writeTrendControls();
writeAccuracy();
document.getElementById("filter").addEventListener("input", show);
document.getElementById("outcome").addEventListener("change", show);
document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
show();
addEventListener("hashchange", openLinked);
openLinked();
