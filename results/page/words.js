// Elements and numbers as people read them. Text enters the page through textContent only.

/** element("td", {class: "number"}, "1.23 ms", anotherElement) */
function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
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

/** A table of texts, for what a chart shows. */
function plainTable(headings, rows) {
  const cells = (name, texts) => texts.map((text, i) => element(name, {class: i > 0 ? "number" : null, scope: name === "th" ? "col" : null}, text));
  return element("table", {},
    element("thead", {}, element("tr", {}, ...cells("th", headings))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells("td", row)))));
}
