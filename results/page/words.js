"use strict";
// Elements and numbers as people read them. Text enters the page through textContent only.

/** element("td", {class: "number"}, "1.23 ms", anotherElement) */
function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "style") made.style.cssText = value;  // as an attribute the page's security policy refuses it
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...content.filter((part) => part !== null && part !== undefined));
  return made;
}

/** Three digits and `more`, or all before the point. */
function digits(value, more) {
  const size = Math.abs(value);
  return value.toFixed((size < 9.995 ? 2 : size < 99.95 ? 1 : 0) + more);
}

function scaled(value, steps, more) {
  let [factor, name] = steps[0];
  for (const [next, unit] of steps) if (Math.abs(value) >= next * 0.9995) [factor, name] = [next, unit];
  const number = factor === 1 && Number.isInteger(value) ? String(value) : digits(value / factor, more);
  return name === "" ? number : `${number} ${name}`;
}

const times = [[1, "ns"], [1e3, "µs"], [1e6, "ms"], [1e9, "s"]];
const sizes = [[1, "B"], [1024, "KiB"], [1024 ** 2, "MiB"], [1024 ** 3, "GiB"]];
const counts = [[1, ""], [1e6, "M"], [1e9, "G"], [1e12, "T"]];

/** The same as readable() in results/quantity.h; `more` digits where a reader wants to tell near values apart. */
function readable(value, unit, more = 0) {
  if (value === null || value === undefined) return "–";
  if (unit === "ns") return scaled(value, times, more);
  if (unit === "bytes") return scaled(value, sizes, more);
  if (unit === "%") return `${value.toFixed(2)} %`;
  if (unit === "x") return `${value.toFixed(2)}x`;
  if (unit === "dB") return `${value.toFixed(1)} dB`;
  if (unit) return `${digits(value, more)} ${unit}`;
  return Number.isInteger(value) ? scaled(value, counts, more) : String(Number(value.toPrecision(6)));
}

function plural(count, word) {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function shortened(text, most = 36) {
  return text.length <= most ? text : `${text.slice(0, most - 1)}…`;
}

/** As a shell takes it for one word. */
function quoted(text) {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** "2026-03-01T04:00:00Z" → "2026-03-01 04:00 UTC" */
function moment(text) {
  return text.replace(/^(\d{4}-\d\d-\d\d)T(\d\d:\d\d).*Z$/, "$1 $2 UTC");
}

/** "2026-03-01T04:00:00Z" → "2026-03-01" */
const day = (text) => text.slice(0, 10);

/** "+12.1 %" of a ratio minus 1. */
function percent(change, digits = 1) {
  if (!Number.isFinite(change)) return "from 0";
  return `${change >= 0 ? "+" : "−"}${Math.abs(100 * change).toFixed(digits)} %`;
}

const distinct = (values) => [...new Set(values)];

/** A table of texts, for what a chart shows. */
function plainTable(headings, rows) {
  const cells = (name, texts) => texts.map((text, i) => element(name, {class: i > 0 ? "number" : null, scope: name === "th" ? "col" : null}, text));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells("th", headings))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))));
}

// ---- The data of a page ------------------------------------------------------------------------------------------------
const data = JSON.parse(document.getElementById("data").textContent);

/** Rows of a table that is written column by column. */
function rowsOf(table) {
  const fieldNames = Object.keys(table.fields);
  const repeated = ([texts, numbers], i) => texts[numbers[i]];
  return table.key.map((key, i) => {
    const row = {key, metrics: {}};
    for (const name of fieldNames) row[name] = repeated(table.fields[name], i);
    for (const name of ["outcome", "machine_class", "reason"]) if (table[name]) row[name] = repeated(table[name], i);
    for (const name of ["session", "run_id", "results", "recent", "change"]) if (table[name]) row[name] = table[name][i];
    for (const [name, values] of Object.entries(table.metrics)) if (values[i] !== null) row.metrics[name] = values[i];
    return row;
  });
}

/** Fields in the order of data.fields → by name. */
function namedFields(values) {
  return Object.fromEntries(data.fields.map((name, i) => [name, values[i]]));
}

const isPruned = (row) => row.pruning !== "none";

/** A field as it stands in the name of a run. */
function fieldText(row, field) {
  return ["model", "precision", "pruning", "experiment", "dataset", "backend"].includes(field) ? String(row[field]) : `${field} ${row[field]}`;
}

/** By the fields that tell runs apart. */
function runName(row, fields = data.shown) {
  return fields.filter((field) => field !== "pruning" || isPruned(row)).map((field) => fieldText(row, field)).join(" · ");
}

const precisionOrder = ["fp32", "bf16", "fp16", "int8"];

/** Comparable runs beside each other, wide formats before narrow ones, dense before pruned. */
function byRun(a, b) {
  for (const field of data.fields) {
    if (field === "precision" || field === "pruning") continue;
    const order = String(a[field]).localeCompare(String(b[field]), "en", {numeric: true});
    if (order !== 0) return order;
  }
  const place = (row) => 2 * precisionOrder.indexOf(row.precision) + (isPruned(row) ? 1 : 0);
  return place(a) - place(b) || String(a.pruning).localeCompare(String(b.pruning), "en", {numeric: true});
}

// ---- The menu of all pages ---------------------------------------------------------------------------------------------
for (const link of document.querySelectorAll("nav a"))
  if (link.pathname === location.pathname) link.setAttribute("aria-current", "page");
document.querySelector("#models ul").append(...data.models.map((model) =>
  element("li", {}, element("a", {href: model.page}, shortened(model.name, 60)))));
addEventListener("keydown", (event) => {
  const menu = document.getElementById("models");
  if (event.key !== "Escape" || !menu.open) return;
  menu.open = false;
  menu.querySelector("summary").focus();
});
