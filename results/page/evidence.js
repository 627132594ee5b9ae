"use strict";
// What one run left.

/** Metrics in this order; others follow by name. */
const metricOrder = ["latency_p50", "latency_p50_low", "latency_p50_high", "latency_p90", "latency_p99", "latency_p999", "latency_min", "latency_mean",
  "throughput", "speedup", "speedup_low", "speedup_high", "prepare_time", "load_time", "first_inference", "top1", "top1_low", "top1_high", "top5", "top5_low", "top5_high",
  "sqnr", "cosine", "top1_agreement", "max_error", "dense_sqnr", "dense_top1_agreement", "parameters", "nonzeros", "weight_bytes",
  "activation_bytes", "macs"];

function inOrder(metrics) {
  const place = (name) => (metricOrder.indexOf(name) + 1) || metricOrder.length + 1;
  return [...metrics].sort((a, b) => place(a.name) - place(b.name) || a.name.localeCompare(b.name));
}

/** The value of a metric of a whole result, or null. */
function metric(result, name) {
  return result.metrics.find((one) => one.name === name)?.value ?? null;
}

function pairs(entries) {
  return element("dl", {class: "pairs"}, ...entries.filter(([, value]) => value !== "" && value !== null && value !== undefined)
    .flatMap(([name, value, title]) => [element("dt", {}, name), element("dd", {class: "number", title}, value)]));
}

function part(heading, ...content) {
  return element("div", {}, element("h3", {}, heading), ...content);
}

const directionWords = {lower: "lower is better", higher: "higher is better"};

function metricsPart(result) {
  const mark = {lower: " ↓", higher: " ↑"};
  const rows = inOrder(result.metrics).map((one) => [one.name, readable(one.value, one.unit, 1) + (mark[one.direction] ?? ""),
    [one.value === null ? "not a number" : `${one.value} ${one.unit}`.trim(), directionWords[one.direction]].filter(Boolean).join("; ")]);
  if (result.speedup !== null && metric(result, "speedup") === null) rows.unshift(["speedup", `${readable(result.speedup, "x")} ↑`, "against FP32"]);
  return part("Metrics", pairs(rows), element("p", {class: "explanation small"}, "↓ lower, ↑ higher is better"));
}

function layersPart(layers) {
  const total = layers.reduce((sum, layer) => sum + layer.time_ns, 0);
  const longest = Math.max(...layers.map((layer) => layer.time_ns));
  const headings = [["name"], ["kind"], ["implementation"], ["data types"], ["layouts"], ["time", 1], ["share", 1], ["of ceiling", 1], ["MACs", 1], ["bytes", 1]];
  const row = (layer) => {
    const share = total > 0 ? 100 * layer.time_ns / total : 0;
    const number = (text) => element("td", {class: "number"}, text);
    return element("tr", {}, element("td", {}, layer.name), element("td", {}, layer.kind),
      element("td", {class: "mono"}, layer.implementation), element("td", {class: "mono"}, layer.data_types), element("td", {class: "mono"}, layer.layouts),
      number(readable(layer.time_ns, "ns")),
      element("td", {class: "number share", style: `--part: ${(100 * layer.time_ns / longest || 0).toFixed(1)}%`}, `${share.toFixed(1)} %`),
      number(layer.bound_ns > 0 && layer.time_ns > 0 ? `${(100 * layer.bound_ns / layer.time_ns).toFixed(0)} %${layer.memory_bound ? " (memory)" : ""}` : "–"),
      number(layer.macs > 0 ? readable(layer.macs, "") : "–"), number(readable(layer.bytes, "bytes")));
  };
  const sum = (key) => layers.reduce((all, layer) => all + layer[key], 0);
  const foot = ["total", "", "", "", "", readable(total, "ns"), "", "", readable(sum("macs"), ""), readable(sum("bytes"), "bytes")];
  return part("Layers, in order of execution",
    element("div", {class: "layers", tabindex: "0", role: "region", "aria-label": "Layers"}, element("table", {},
      element("thead", {}, element("tr", {}, ...headings.map(([text, number]) =>
        element("th", {scope: "col", class: number ? "number" : null}, text)))),
      element("tbody", {}, ...layers.map(row)),
      element("tfoot", {}, element("tr", {}, ...foot.map((text, i) => element("td", {class: i > 4 ? "number" : null}, text)))))));
}

function samplesPart(result) {
  const charts = samplesCharts(result.samples, metric(result, "latency_p50"), metric(result, "latency_p50_low"),
                               metric(result, "latency_p50_high"));
  const thinned = result.samples.every > 1 ? `; one in ${result.samples.every} is drawn` : "";
  const legend = `${charts.description}${thinned}. Line: median; band: its 95 % interval.`;
  return {box: part("Samples", element("p", {class: "explanation"}, legend), charts.box), start: charts.start};
}

function machinePart(machine) {
  return part("Machine", pairs([
    ["host", machine.host], ["CPU", machine.cpu], ["vector extensions", machine.isa],
    ["cores", `${machine.physical_cores} physical, ${machine.logical_cores} logical (${machine.core_set})`],
    ["GPUs", machine.gpus], ["memory", readable(machine.memory_bytes, "bytes")], ["kernel", machine.kernel],
    ["governor", machine.governor], ["class", machine.class]]));
}

function softwarePart(software) {
  const libraries = JSON.parse(software.libraries).map((library) => [library.name, library.version]);
  return part("Software", pairs([["bitsweep", software.bitsweep], ["build", software.build], ...libraries]));
}

/** A command to be copied. */
function commandLine(line) {
  const copy = element("button", {type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(line);
      copy.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(text);  // no clipboard for files in some browsers: ready for Ctrl+C
    }
  }}, "Copy");
  const text = element("code", {}, line);
  return element("div", {class: "repeat"}, text, copy);
}

function repeatPart(result) {
  return part("Repeat this run", commandLine(`bitsweep run ${quoted(result.spec_path || "FILE")} --only ${result.id}`));
}

/** The trends of all metrics of a series, one at a time. */
function trendsPart(trend, name) {
  if (trend.metrics.length === 0) return null;
  const place = element("div");
  const choice = element("select", {}, ...inOrder(trend.metrics).map((metric) => element("option", {value: metric.name}, metric.name)));
  const show = () => {
    const chart = trendChart(trend, trend.metrics.find((metric) => metric.name === choice.value), name, 240);
    place.replaceChildren(chart.box);
    chart.start();
  };
  choice.addEventListener("change", show);
  return {box: part("Over time", element("p", {class: "controls"}, element("label", {}, "Metric ", choice)), place), start: show};
}

/** The body of a run; start() draws its charts once it is in the page. */
function evidence(result, trend) {
  const overTime = trendsPart(trend, runName(result));
  const samples = result.samples.count > 0 ? samplesPart(result) : null;
  const box = element("div", {class: "body"},
    result.reason && element("p", {class: `reason ${result.outcome}`}, result.reason),
    overTime?.box,
    samples?.box,
    element("div", {class: "columns"},
      result.metrics.length > 0 ? metricsPart(result) : null,
      element("div", {style: "display: grid; gap: 2rem; align-content: start"},
        result.explanation.length > 0 ? part("Why it is as fast as it is", element("ul", {}, ...result.explanation.map(({sentence}) => element("li", {}, sentence)))) : null,
        result.notes.length > 0 ? part("Notes", element("ul", {}, ...result.notes.map(({note}) => element("li", {}, note)))) : null,
        result.evidence.length > 0 ? part("Evidence", pairs(result.evidence.map(({name, value}) => [name, value]))) : null,
        part("Run", pairs([["id", result.id], ...data.fields.map((field) => [field, String(result[field])]), ["experiment", result.experiment],
                           ["session", String(result.session)], ["started", moment(result.started)], ["took", readable(result.seconds, "s")]])))),
    result.layers.length > 0 ? layersPart(result.layers) : null,
    element("div", {class: "columns"}, machinePart(bitsweep.known.machines.get(result.machine)), softwarePart(bitsweep.known.software.get(result.software))),
    repeatPart(result));
  return {box, start: () => { overTime?.start(); samples?.start(); }};
}
