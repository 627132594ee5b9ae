// The page: from the data to summary, charts, table and evidence.

const data = JSON.parse(document.getElementById("data").textContent);
const results = data.results;

const distinct = (values) => [...new Set(values)];
const varies = (key) => distinct(results.map((result) => result[key])).length > 1;

/** Whether a field tells apart runs that agree in all of the others. */
function tellsApart(field, others) {
  const key = (result) => JSON.stringify(others.map((other) => result[other]));
  return distinct(results.map(key)).length < distinct(results.map((result) => key(result) + JSON.stringify(result[field]))).length;
}

/** What the charts show by colour; all other fields that tell runs apart make groups. */
const seriesFields = ["precision", "pruning", "calibration"];
const groupFields = ["model"];
for (const field of ["experiment", "session", ...data.fields])
  if (!groupFields.includes(field) && !seriesFields.includes(field) && tellsApart(field, groupFields)) groupFields.push(field);
const shownFields = ["experiment", "session", ...data.fields].filter((field) => ["model", "precision"].includes(field) || varies(field));

function fieldText(result, field) {
  return field === "model" || field === "precision" || field === "pruning" || field === "experiment" || field === "dataset" ||
    field === "backend" ? String(result[field]) : `${field} ${result[field]}`;
}
const isPruned = (result) => result.pruning !== "none";
const groupName = (result) => groupFields.map((field) => fieldText(result, field)).join(" · ");
const seriesName = (result) => [result.precision, isPruned(result) ? result.pruning : null,
  varies("calibration") && result.precision === "int8" ? result.calibration : null].filter(Boolean).join(" · ");
const runName = (result) => shownFields.filter((field) => field !== "pruning" || isPruned(result))
  .map((field) => fieldText(result, field)).join(" · ");
const anchor = (result) => `run-${result.session}-${result.id}`;

// ---- Summary ----------------------------------------------------------------------------------------------------------
function writeSummary() {
  const experiments = distinct(data.sessions.map((session) => session.experiment));
  document.getElementById("title").textContent = experiments.join(", ");
  document.title = `${experiments.join(", ")} – bitsweep report`;
  const outcomes = distinct(results.map((result) => result.outcome));
  document.getElementById("summary").textContent = `${plural(results.length, "run")}: ` +
    outcomes.map((outcome) => `${results.filter((result) => result.outcome === outcome).length} ${outcome}`).join(", ");

  const machines = Object.values(data.machines ?? {});
  const software = Object.values(data.software ?? {});
  const libraries = software.flatMap((one) => JSON.parse(one.libraries)).map((library) => `${library.name} ${library.version}`);
  const facts = [
    ...data.sessions.map((session) => {
      const last = session.executions.at(-1);
      const missing = (last?.planned ?? 0) - results.filter((result) => result.session === session.id).length;
      return [`Session ${session.id}`, `${session.experiment}, ${moment(session.started)}` +
        (last ? `, by ${last.user} on ${last.host}` : "") + (session.executions.length > 1 ? `, started ${session.executions.length} times` : "") +
        (missing > 0 ? `; ${plural(missing, "planned run")} missing` : "")];
    }),
    ...machines.slice(0, 4).map((machine) => ["Machine", `${machine.host}: ${machine.cpu}, ${plural(machine.physical_cores, "core")} (${machine.core_set})` +
      (machine.gpus ? `, ${machine.gpus}` : "") + `, ${readable(machine.memory_bytes, "bytes")}`]),
    machines.length > 4 ? ["Machines", `${machines.length - 4} more; see the evidence`] : null,
    software.length > 0 ? ["Software", distinct(software.map((one) => `bitsweep ${one.bitsweep}`).concat(libraries)).join(", ")] : null,
  ];
  document.getElementById("facts").append(...facts.filter(Boolean).map(([name, text]) =>
    element("div", {}, element("dt", {}, name), element("dd", {}, text))));
  document.getElementById("made").textContent = `Made by bitsweep from ${plural(data.sessions.length, "session")} of its database.`;
}

/** Wide formats before narrow ones, dense before pruned. */
function bySeries(a, b) {
  const place = (one) => 2 * ["fp32", "tf32", "bf16", "fp16", "int8"].indexOf(one.precision) + (one.pruned ? 1 : 0);
  return place(a) - place(b);
}

// ---- Charts -----------------------------------------------------------------------------------------------------------
const fine = results.filter((result) => result.outcome === "ok");

function writeSpeedup() {
  const place = document.querySelector("#speedup .chart");
  const compared = fine.filter((result) => result.speedup !== null && (result.precision !== "fp32" || isPruned(result)));
  if (compared.length === 0) {
    place.append(element("p", {class: "empty"}, "No run here has an unpruned FP32 run to be compared with."));
    return;
  }
  const series = distinct(compared.map(seriesName)).map((name) => {
    const one = compared.find((result) => seriesName(result) === name);
    return {name, precision: one.precision, pruned: isPruned(one)};
  }).sort(bySeries);
  const groups = distinct(compared.map(groupName)).map((name) => ({name, values: series.map((one) =>
    compared.find((result) => groupName(result) === name && seriesName(result) === one.name)?.speedup ?? null)}));
  const {box, start} = speedupChart(groups, series);
  place.append(box);
  start();
}

/** Top-1 where there are labels, SQNR where there are none. */
function writeAccuracy() {
  const place = document.querySelector("#accuracy .pair");
  const kinds = [["top1", "Top-1 accuracy", "%", fine],
                 ["sqnr", "SQNR against FP32", "dB", fine.filter((result) => metric(result, "top1") === null)]];
  for (const [name, title, unit, some] of kinds) {
    const points = some.filter((result) => metric(result, name) !== null && metric(result, "latency_p50") !== null).map((result) => ({
      group: groupName(result), series: seriesName(result), name: runName(result), precision: result.precision, pruned: isPruned(result),
      latency: metric(result, "latency_p50"), value: metric(result, name)})).sort(bySeries);
    if (points.length === 0) continue;
    const {box, start} = scatterChart(title, unit, points);
    place.append(box);
    start();
  }
  if (!place.hasChildNodes()) place.append(element("p", {class: "empty"}, "No run here has both a latency and an accuracy."));
}

// ---- Table ------------------------------------------------------------------------------------------------------------
/** Half the width of the median's 95 % interval, relative. */
function uncertainty(result) {
  const [median, low, high] = ["latency_p50", "latency_p50_low", "latency_p50_high"].map((name) => metric(result, name));
  return median && low !== null && high !== null ? 50 * (high - low) / median : null;
}

const unitOf = (name) => results.flatMap((result) => result.metrics).find((one) => one.name === name)?.unit ?? "";

/** What a metric is shown in: a unit that does not depend on the size of the number stands in the heading. */
function metricColumn(name, value = (result) => metric(result, name), unit = unitOf(name), title = null) {
  const byItself = ["ns", "bytes", "x", ""].includes(unit);
  const text = (result) => byItself ? readable(value(result), unit) : readable(value(result), unit).replace(` ${unit}`, "");
  return {name, value, text, title, unit: byItself ? "" : unit};
}

const columns = [
  ...shownFields.map((name) => ({name, value: (result) => result[name], text: (result) => String(result[name])})),
  {name: "outcome", value: (result) => result.outcome, text: (result) => result.outcome},
  ...[metricColumn("latency_p50"), metricColumn("±", uncertainty, "%", "half the width of the median's 95 % interval"),
      metricColumn("speedup", (result) => result.speedup, "x"), metricColumn("throughput"), metricColumn("top1"), metricColumn("sqnr"),
      metricColumn("weight_bytes")]
    .filter((column) => results.some((result) => column.value(result) !== null)),
];
for (const column of columns) column.number = results.every((result) => typeof column.value(result) !== "string");

const order = {column: null, descending: false};

function compare(a, b) {
  const [x, y] = [order.column.value(a), order.column.value(b)];
  if (x === null || y === null) return (x === null) - (y === null);  // what is missing comes last
  const sign = order.descending ? -1 : 1;
  return sign * (typeof x === "number" && typeof y === "number" ? x - y : String(x).localeCompare(String(y), undefined, {numeric: true}));
}

function chosen() {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  const outcome = document.getElementById("outcome").value;
  const some = results.filter((result) => {
    const text = [...columns.map((column) => column.text(result)), result.id, result.reason].join(" ").toLowerCase();
    return (outcome === "" || result.outcome === outcome) && words.every((word) => text.includes(word));
  });
  return order.column ? some.sort(compare) : some;
}

function cell(column, result, first) {
  const text = column.text(result);
  if (column.name === "outcome") return element("td", {}, element("span", {class: `outcome ${result.outcome}`, title: result.reason || null}, text));
  const shown = first ? element("a", {href: `#${anchor(result)}`}, shortened(text))
    : text === "–" ? element("span", {class: "none"}, text) : shortened(text);
  return element("td", {class: column.number ? "number" : null, title: text.length > 36 ? text : null}, shown);
}

function writeRows() {
  const some = chosen();
  document.getElementById("count").textContent = some.length === results.length ? plural(results.length, "run")
    : `${some.length} of ${plural(results.length, "run")}`;
  document.querySelector("#table tbody").replaceChildren(...some.map((result) =>
    element("tr", {}, ...columns.map((column, i) => cell(column, result, i === 0)))));
  const ids = new Set(some.map(anchor));
  for (const box of document.querySelectorAll(".run")) box.hidden = !ids.has(box.id);
}

function sortBy(column) {
  order.descending = order.column === column && !order.descending;
  order.column = column;
  for (const [i, heading] of document.querySelectorAll("#table th").entries()) {
    if (columns[i] === column) heading.setAttribute("aria-sort", order.descending ? "descending" : "ascending");
    else heading.removeAttribute("aria-sort");
  }
  writeRows();
}

function writeTable() {
  document.getElementById("table").append(
    element("thead", {}, element("tr", {}, ...columns.map((column) =>
      element("th", {scope: "col", class: column.number ? "number" : null, title: column.title},
        element("button", {type: "button", onclick: () => sortBy(column)}, column.name),
        column.unit ? element("span", {class: "unit"}, column.unit) : null)))),
    element("tbody"));
  document.getElementById("outcome").append(...distinct(results.map((result) => result.outcome)).map((outcome) =>
    element("option", {value: outcome}, outcome)));
  document.getElementById("filter").addEventListener("input", writeRows);
  document.getElementById("outcome").addEventListener("change", writeRows);
  document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
  writeRows();
}

// ---- Evidence ---------------------------------------------------------------------------------------------------------
function runBox(result) {
  const box = element("details", {class: "run", id: anchor(result)},
    element("summary", {},
      element("span", {class: "name"}, runName(result)),
      element("span", {class: `outcome ${result.outcome}`}, result.outcome),
      element("span", {class: "figure"}, readable(metric(result, "latency_p50"), "ns")),
      element("span", {class: "figure"}, readable(result.speedup, "x"))));
  box.addEventListener("toggle", () => {
    if (!box.open || box.children.length > 1) return;
    const body = evidence(result, data);  // made when it is first asked for
    box.append(body.box);
    body.start();
  });
  return box;
}

function openLinked() {
  const box = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!box?.classList.contains("run")) return;
  box.open = true;
  box.hidden = false;
  box.scrollIntoView();
  box.querySelector("summary").focus({preventScroll: true});
}

writeSummary();
writeSpeedup();
writeAccuracy();
document.getElementById("runs").append(...results.map(runBox));
writeTable();
addEventListener("hashchange", openLinked);
openLinked();
