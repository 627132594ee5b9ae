"use strict";
// The first page: is something wrong since the last session, and why?

document.title = "bitsweep: overview";
const rows = rowsOf(data.table).sort(byRun);

// ---- Verdicts ---------------------------------------------------------------------------------------------------------
const mostCards = 4;

/** The verdict of a night in one line of large letters. */
function verdictOf(night) {
  const parts = partsOf(night).slice(0, 2).filter((part) => part.items.length > 0);
  if (parts.length > 0) return {kind: "bad", icon: "▲", words: parts.map((part) => `${plural(part.items.length, "run")} ${part.name.toLowerCase()}`).join(", ")};
  if (night.runs_present < night.runs_planned)
    return {kind: "warn", icon: "◆", words: `${plural(night.runs_planned - night.runs_present, "planned run")} missing`};
  if (night.series_judged === 0 || night.series_unknown === night.series_judged) return {kind: "quiet", icon: "…", words: "Too little history for a verdict"};
  return {kind: "good", icon: "✓", words: "Nothing became worse"};
}

function moreBox(part, open) {
  const shown = part.items.slice(0, mostCards);
  const rest = part.items.length - shown.length;
  const cards = [element("div", {class: "cards"}, ...shown.map((item) => cardOf(item, part))),
    rest > 0 ? element("p", {}, element("a", {href: "regressions.html"}, `${rest} more`)) : null];
  const heading = `${part.name}: ${part.items.length}`;
  if (open) return element("div", {class: "part"}, element("h3", {}, heading), ...cards);
  const box = element("details", {class: "part"}, element("summary", {}, heading));
  box.addEventListener("toggle", () => { if (box.open && box.children.length === 1) box.append(...cards.filter(Boolean)); });
  return box;
}

function nightBox(night) {
  const verdict = verdictOf(night);
  const parts = partsOf(night).filter((part) => part.items.length > 0);
  const told = data.open.filter((one) => one.experiment === night.experiment && one.session !== night.session);
  const counts = [`${night.runs_present} of ${plural(night.runs_planned, "run")}`, `${night.series_judged} series judged`, `${night.series_steady} steady`,
    night.series_unknown > 0 ? `${night.series_unknown} with too little history` : null, ...parts.slice(verdict.kind === "bad" ? 2 : 0).map((part) => `${part.items.length} ${part.name.toLowerCase()}`),
    night.silent.length > 0 ? `${night.silent.reduce((sum, group) => sum + group.runs.length, 0)} as good but not the same` : null].filter(Boolean);
  return element("section", {class: "night"},
    element("div", {class: `verdict ${verdict.kind}`},
      element("h2", {}, element("span", {class: "icon", "aria-hidden": "true"}, verdict.icon), verdict.words),
      element("p", {}, `${night.experiment}, session ${night.session}, ${moment(night.started)}`), element("p", {class: "quiet"}, counts.join(" · "))),
    causesBox(night),
    ...parts.map((part) => moreBox(part, part.kind === "bad")),
    told.length > 0 ? element("details", {class: "part"}, element("summary", {}, `Open from earlier sessions: ${told.length}`), element("ul", {class: "why"},
      ...told.slice(0, 20).map((one) => element("li", {}, entryLink(one), ` ${one.metric}: ${one.what}`, element("span", {class: "quiet"}, ` — told in session ${one.session}, ${day(one.told)}`))))) : null,
    night.silent.length > 0 ? element("details", {class: "part"}, element("summary", {}, "As good as before, but not the same"), silentList(night, 8)) : null);
}

function writeNights() {
  const weight = (night) => ["bad", "warn", "good", "quiet"].indexOf(verdictOf(night).kind);
  const nights = [...data.nights].sort((a, b) => weight(a) - weight(b));
  document.getElementById("nights").append(...(nights.length > 0 ? nights.map(nightBox) : [element("p", {class: "empty"}, "There is no session yet.")]));
}

// ---- Heat map ---------------------------------------------------------------------------------------------------------
function choice(label, values, show) {
  const select = element("select", {}, ...values.map(([value, text]) => element("option", {value}, text)));
  select.addEventListener("change", () => show(select.value));
  return element("label", {}, `${label} `, select);
}

const columnName = (row) => row.precision + (isPruned(row) ? ` ${row.pruning.split(":")[0]}` : "");
const fine = rows.filter((row) => row.outcome === "ok" || row.outcome === "inaccurate");

/** The fp32 run that is otherwise the same. */
const denseKey = (row) => JSON.stringify([row.machine_class, ...data.fields.filter((field) => !["precision", "pruning", "calibration"].includes(field)).map((field) => row[field])]);
const denseTop1 = new Map(fine.filter((row) => row.precision === "fp32" && !isPruned(row)).map((row) => [denseKey(row), row.metrics.top1]));

function worstAccuracy(some) {
  const losses = some.map((row) => row.metrics.top1 - denseTop1.get(denseKey(row))).filter(Number.isFinite);
  if (losses.length > 0) {
    const worst = Math.min(...losses);
    return `${worst >= 0 ? "+" : "−"}${Math.abs(worst).toFixed(2)} pp`;
  }
  const noise = some.map((row) => row.metrics.sqnr).filter(Number.isFinite);
  return noise.length > 0 ? readable(Math.min(...noise), "dB") : "";
}

function geometricMean(values) {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);
}

/** Blue is faster, orange slower than FP32; full at a factor of 4. */
function heatColour(speedup) {
  const strength = Math.min(1, Math.abs(Math.log2(speedup)) / 2);
  return withAlpha(colour(speedup >= 1 ? "faster" : "slower"), .08 + .5 * strength);
}

function heatCell(some, name) {
  const values = some.map((row) => row.metrics.speedup).filter((value) => value > 0);
  if (values.length === 0) {
    const failed = some.length > 0 ? distinct(some.map((row) => row.outcome)).join(", ") : "–";
    return element("td", {class: "none"}, failed === "ok" ? "–" : failed);
  }
  const speedup = geometricMean(values);
  return element("td", {style: `background: ${heatColour(speedup)}`, title: `${name}: ${plural(values.length, "run")}, ${readable(Math.min(...values), "x")} to ${readable(Math.max(...values), "x")}`},
    element("strong", {}, readable(speedup, "x")), element("small", {}, worstAccuracy(some)));
}

let heatBatch = "";
function writeHeat() {
  const some = rows.filter((row) => heatBatch === "" || String(row.batch) === heatBatch);
  const columns = distinct(some.filter((row) => row.precision !== "fp32" || isPruned(row)).sort((a, b) =>
    isPruned(a) - isPruned(b) || precisionOrder.indexOf(a.precision) - precisionOrder.indexOf(b.precision)).map(columnName));
  const body = data.models.map((model) => {
    const own = some.filter((row) => row.model === model.name);
    return element("tr", {}, element("th", {scope: "row"}, element("a", {href: model.page}, shortened(model.name))),
      ...columns.map((column) => heatCell(own.filter((row) => columnName(row) === column), `${model.name}, ${column}`)));
  });
  document.getElementById("heat").replaceChildren(
    element("thead", {}, element("tr", {}, element("th", {scope: "col"}, "model"), ...columns.map((column) => element("th", {scope: "col"}, column)))),
    element("tbody", {}, ...body));
}

function writeHeatControls() {
  const batches = distinct(rows.map((row) => String(row.batch))).sort((a, b) => a - b);
  if (batches.length > 1)
    document.getElementById("heat-controls").append(choice("Batch", [["", "all"], ...batches.map((batch) => [batch, batch])], (value) => { heatBatch = value; writeHeat(); }));
  document.getElementById("heat-legend").textContent = "Blue: faster than FP32, orange: slower.";
  theme.onChange(writeHeat);
  writeHeat();
}

// ---- Front ------------------------------------------------------------------------------------------------------------
/** Runs that differ only in what is chosen to be fast: precision, pruning, calibration, engine. */
const groupFields = data.shown.filter((field) => !["precision", "pruning", "calibration", "backend", "checkpoint"].includes(field));
const groupName = (row) => runName(row, groupFields);

function writeFront() {
  const place = document.getElementById("front");
  const measured = fine.filter((row) => row.metrics.latency_p50 && (row.metrics.top1 ?? row.metrics.sqnr) !== undefined);
  const groups = distinct(measured.map(groupName)).filter((name) => measured.filter((row) => groupName(row) === name).length > 1);
  if (groups.length === 0) {
    place.append(element("p", {class: "empty"}, "No two runs here have both a latency and an accuracy, and differ only in precision, pruning or engine."));
    return;
  }
  const show = (group) => {
    const some = measured.filter((row) => groupName(row) === group);
    const labelled = some.some((row) => row.metrics.top1 !== undefined);
    const points = some.filter((row) => !labelled || row.metrics.top1 !== undefined).map((row) => ({
      name: runName(row, data.shown.filter((field) => !groupFields.includes(field))), precision: row.precision, pruned: isPruned(row),
      latency: row.metrics.latency_p50, value: labelled ? row.metrics.top1 : row.metrics.sqnr}));
    const chart = labelled ? frontChart("top-1 accuracy", "%", points) : frontChart("SQNR against FP32", "dB", points);
    place.replaceChildren(chart.box);
    chart.start();
  };
  document.getElementById("front-controls").append(choice("Runs", groups.map((name) => [name, shortened(name, 70)]), show));
  show(groups[0]);
}

// ---- Models and sessions ----------------------------------------------------------------------------------------------
function writeModels() {
  const worse = new Map();
  for (const night of data.nights)
    for (const item of partsOf(night).slice(0, 2).flatMap((part) => part.items)) worse.set(item.page, (worse.get(item.page) ?? 0) + 1);
  const lines = data.models.map((model) => {
    const own = rows.filter((row) => row.model === model.name);
    const ok = own.filter((row) => row.outcome === "ok").length;
    const best = own.reduce((most, row) => (row.metrics.speedup ?? 0) > (most?.metrics.speedup ?? 0) ? row : most, null);
    const bad = worse.get(model.page) ?? 0;
    return {name: model.name, line: element("tr", {}, element("td", {}, element("a", {href: model.page}, shortened(model.name, 60))),
      element("td", {class: "number"}, String(own.length)), element("td", {class: "number"}, String(ok)),
      element("td", {class: "number"}, bad > 0 ? `▲ ${bad}` : element("span", {class: "none"}, "–")),
      element("td", {class: "number"}, readable(best?.metrics.speedup, "x")), element("td", {}, best ? shortened(runName(best, data.shown.filter((field) => field !== "model")), 60) : ""))};
  });
  const body = element("tbody");
  document.getElementById("model-table").append(element("thead", {}, element("tr", {},
    ...["model", "runs", "ok", "worse", "fastest"].map((text, i) => element("th", {scope: "col", class: i > 0 ? "number" : null}, text)), element("th", {scope: "col"}, "with"))), body);
  const filter = document.getElementById("filter");
  const show = () => {
    const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
    const some = lines.filter(({name}) => words.every((word) => name.toLowerCase().includes(word)));
    body.replaceChildren(...some.map(({line}) => line));
    document.getElementById("count").textContent = some.length === lines.length ? plural(lines.length, "model") : `${some.length} of ${plural(lines.length, "model")}`;
  };
  filter.addEventListener("input", show);
  filter.form.addEventListener("submit", (event) => event.preventDefault());
  show();
}

function writeSessions() {
  const line = (session) => {
    const present = session.outcomes.reduce((sum, one) => sum + one.runs, 0);
    return element("tr", {}, element("td", {}, String(session.id)), element("td", {}, shortened(session.experiment)), element("td", {}, moment(session.started)),
      element("td", {class: "number"}, session.planned === null ? String(present) : `${present} of ${session.planned}`),
      element("td", {}, ...session.outcomes.flatMap(({outcome, runs}) => [element("span", {class: `outcome ${outcome}`}, `${runs} ${outcome}`), " "])),
      element("td", {}, shortened(session.bitsweep ?? "")), element("td", {}, shortened(session.host ? `${session.user}@${session.host}` : "")));
  };
  document.getElementById("sessions").append(
    element("thead", {}, element("tr", {}, ...["session", "experiment", "started", "runs", "outcomes", "bitsweep", "by"].map((text) =>
      element("th", {scope: "col", class: text === "runs" ? "number" : null}, text)))),
    element("tbody", {}, ...data.sessions.map(line)));
}

writeNights();
writeHeatControls();
writeFront();
writeModels();
writeSessions();
