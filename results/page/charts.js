"use strict";
// Charts. Each has its numbers beside it as a table, and is drawn anew when light and dark change.

const drawn = new Map();  // canvas → {chart, make}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(canvas, make) {
  drawn.get(canvas)?.chart.destroy();
  const chart = new Chart(canvas, make());
  drawn.set(canvas, {chart, make});
  return chart;
}

theme.onChange(() => {
  for (const [canvas, {chart, make}] of drawn) {
    if (canvas.isConnected) draw(canvas, make);
    else chart.destroy(), drawn.delete(canvas);
  }
});

/** Colours that are told apart with any colour vision, each with a shape of its own. */
const precisionShapes = {fp32: "circle", bf16: "rect", fp16: "rectRot", int8: "triangle"};

function precisionColour(precision) {
  return colour(precisionOrder.includes(precision) ? precision : "other");
}

function withAlpha(hex, alpha) {
  return hex + Math.round(alpha * 255).toString(16).padStart(2, "0");
}

function axis(title, more = {}) {
  return {
    title: {display: title !== "", text: title, color: colour("quiet")},
    grid: {color: colour("line"), drawBorder: false, drawTicks: false},
    ...more,
    ticks: {color: colour("quiet"), padding: 6, maxRotation: 0, ...more.ticks},
  };
}

/** Room between legend and plot, for which Chart.js has no option. */
Chart.register({
  id: "roomBelowLegend",
  beforeInit(chart) {
    if (!chart.legend) return;
    const fit = chart.legend.fit;
    chart.legend.fit = function () { fit.call(this); this.height += 8; };
  },
});

function commonOptions() {
  Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
  Chart.defaults.font.size = 12;
  return {
    animation: false, responsive: true, maintainAspectRatio: false,
    plugins: {
      legend: {position: "top", align: "start", labels: {color: colour("ink"), usePointStyle: true, boxWidth: 9, boxHeight: 9, padding: 16}},
      tooltip: {backgroundColor: colour("ink"), titleColor: colour("paper"), bodyColor: colour("paper"), displayColors: false,
                padding: 10, cornerRadius: 4},
    },
  };
}

function quietOptions() {
  const options = commonOptions();
  options.plugins.legend.display = false;
  return options;
}

/** "The numbers", to be opened: made by `table` when they are first asked for. */
function numbersBox(table) {
  const box = element("details", {class: "numbers"}, element("summary", {}, "The numbers"));
  box.addEventListener("toggle", () => {
    if (box.open && box.children.length === 1)
      box.append(element("div", {class: "scroll", tabindex: "0", role: "region", "aria-label": "The numbers"}, table()));
  });
  return box;
}

/** A canvas of this height with a text in its place for those who cannot see it, and its numbers below. */
function chartBox(height, description, table) {
  const canvas = element("canvas", {role: "img", "aria-label": description});
  const box = element("div", {}, element("div", {class: "frame", style: `height: ${height}px`}, canvas), numbersBox(table));
  return {box, canvas};
}

/** Arrow keys go from point to point of a chart's first data set and show what the pointer would; `say` gives the text for a reader. */
function walkWithKeys(canvas, say) {
  const spoken = element("p", {class: "unseen", "aria-live": "polite"});
  let at = -1;
  canvas.tabIndex = 0;
  canvas.addEventListener("keydown", (event) => {
    const chart = drawn.get(canvas)?.chart;
    const count = chart?.data.datasets[0].data.length ?? 0;
    const next = {ArrowRight: at + 1, ArrowLeft: at < 0 ? count - 1 : at - 1, Home: 0, End: count - 1}[event.key];
    if (next === undefined || count === 0) return;
    event.preventDefault();
    at = Math.max(0, Math.min(count - 1, next));
    const active = [{datasetIndex: 0, index: at}];
    const point = chart.getDatasetMeta(0).data[at];
    chart.setActiveElements(active);
    chart.tooltip.setActiveElements(active, {x: point.x, y: point.y});
    chart.update("none");
    spoken.textContent = say(at);
  });
  return spoken;
}

/** Those of the points that no other one beats in both: shorter time and larger value, the fastest first. */
function paretoFront(points) {
  const front = [];
  for (const point of [...points].sort((a, b) => a.latency - b.latency || b.value - a.value))
    if (front.length === 0 || point.value > front[front.length - 1].value) front.push(point);
  return front;
}

/** points: [{name, precision, pruned, latency, value, key}]; the front of all of them is drawn as a line. */
function frontChart(title, unit, points) {
  const front = paretoFront(points);
  const onFront = new Set(front);
  const words = (point) => `${point.name}, ${readable(point.latency, "ns")}, ${readable(point.value, unit)}`;
  const sorted = [...points].sort((a, b) => onFront.has(b) - onFront.has(a) || a.latency - b.latency);
  const {box, canvas} = chartBox(360, `${title} against median latency of ${plural(points.length, "run")}. Not beaten in both: ${front.slice(0, 12).map(words).join("; ")}`,
    () => plainTable(["", "latency_p50", title, "on the front"],
      sorted.map((point) => [point.name, readable(point.latency, "ns"), readable(point.value, unit), onFront.has(point) ? "yes" : ""])));
  const make = () => {
    const options = commonOptions();
    options.layout = {padding: {right: 12}};
    options.scales = {
      x: axis("latency_p50", {type: "logarithmic", grid: {display: false, drawBorder: false},
                              ticks: {callback: (value) => /^[125]/.test(value.toExponential()) ? readable(value, "ns").replace(/\.0+ /, " ") : null}}),
      y: axis(`${title}, ${unit}`, {grace: "12%", ...(unit === "%" && points.some((point) => point.value > 98.5) ? {max: 100} : {})}),
    };
    options.plugins.tooltip.filter = (item) => item.dataset.type !== "line";
    options.plugins.tooltip.callbacks = {label: (item) => [item.raw.name, `${readable(item.raw.x, "ns")}, ${readable(item.raw.y, unit)}`]};
    const kinds = precisionOrder.flatMap((precision) => [false, true].map((pruned) => ({precision, pruned})));
    return {
      type: "scatter", options,
      data: {datasets: [
        {type: "line", label: "best of both", data: front.map((point) => ({x: point.latency, y: point.value})), order: 1, pointStyle: "line",
         borderColor: colour("ink"), borderWidth: 1.5, borderDash: [5, 4], pointRadius: 0, pointHitRadius: 0, stepped: "after"},
        ...kinds.map(({precision, pruned}) => {
          const some = points.filter((point) => point.precision === precision && point.pruned === pruned);
          const ink = precisionColour(precision);
          return {label: precision + (pruned ? ", pruned" : ""), data: some.map((point) => ({x: point.latency, y: point.value, name: point.name})),
                  backgroundColor: pruned ? withAlpha(ink, .15) : ink, borderColor: ink, borderWidth: pruned ? 1.5 : 0,
                  pointStyle: precisionShapes[precision], pointRadius: 5.5, pointHoverRadius: 7};
        }).filter((dataset) => dataset.data.length > 0),
      ]},
    };
  };
  return {box, start: () => draw(canvas, make)};
}

/** The samples in the order taken, and how often each duration came. */
function samplesCharts(samples, median, low, high) {
  const sorted = [...samples.ns].sort((a, b) => a - b);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
  // Few extremes must not press the rest flat: they are drawn at the upper edge.
  const top = Math.min(sorted[sorted.length - 1], at(.95) + 3 * (at(.95) - sorted[0]) + 1);
  const outliers = sorted.filter((ns) => ns > top).length;
  const description = `${samples.count}, from ${readable(sorted[0], "ns")} to ` +
    `${readable(sorted[sorted.length - 1], "ns")}` + (outliers > 0 ? `; ${outliers} above the edge of the chart` : "");

  const order = element("canvas", {role: "img", "aria-label": `Samples in the order taken: ${description}`});
  const often = element("canvas", {role: "img", "aria-label": `Histogram of the samples: ${description}`});
  const band = {
    id: "band",
    beforeDatasetsDraw({ctx, chartArea, scales}) {
      if (!median) return;
      const y = (ns) => scales.y.getPixelForValue(ns);
      ctx.save();
      if (low && high) {
        ctx.fillStyle = colour("share");
        ctx.fillRect(chartArea.left, y(high), chartArea.width, Math.max(1, y(low) - y(high)));
      }
      ctx.strokeStyle = colour("ink");
      ctx.beginPath();
      ctx.moveTo(chartArea.left, y(median));
      ctx.lineTo(chartArea.right, y(median));
      ctx.stroke();
      ctx.restore();
    },
  };
  const range = {min: sorted[0] - (top - sorted[0]) * .05 - 1, max: top + (top - sorted[0]) * .05 + 1};
  const duration = (more) => axis("", {...range, ...more, ticks: {maxTicksLimit: 5, includeBounds: false, callback: (ns) => readable(ns, "ns"), ...more?.ticks}});
  const makeOrder = () => {
    const options = quietOptions();
    options.scales = {x: axis("samples in the order taken", {min: 0, max: samples.count, grid: {display: false, drawBorder: false},
                                                       ticks: {maxTicksLimit: 8}}),
                      y: duration()};
    options.plugins.tooltip.callbacks = {label: (item) => readable(item.raw.true, "ns")};
    const points = samples.ns.map((ns, i) => ({x: i * samples.every + 1, y: Math.min(ns, top), true: ns}));
    return {type: "scatter", options, plugins: [band],
            data: {datasets: [{data: points, backgroundColor: withAlpha(colour("bf16"), .6), pointRadius: 2,
                               pointStyle: points.map((point) => point.true > top ? "triangle" : "circle"),
                               borderWidth: 0, pointHitRadius: 4}]}};
  };
  const makeOften = () => {
    const bins = Math.max(8, Math.min(30, Math.round(Math.sqrt(sorted.length) * 1.5)));
    const width = (top - sorted[0]) / bins || 1;
    const frequency = new Array(bins).fill(0);
    for (const ns of sorted) ++frequency[Math.min(bins - 1, Math.floor((ns - sorted[0]) / width))];
    const options = quietOptions();
    options.indexAxis = "y";
    options.scales = {x: axis("how often", {beginAtZero: true, ticks: {maxTicksLimit: 3, precision: 0}, grid: {display: false, drawBorder: false}}),
                      y: {...duration({ticks: {display: false}}), type: "linear", offset: false}};
    options.plugins.tooltip.callbacks = {title: () => "", label: (item) => `${item.raw.x} at about ${readable(item.raw.y, "ns")}`};
    return {type: "bar", options,
            data: {datasets: [{data: frequency.map((count, i) => ({x: count, y: sorted[0] + (i + .5) * width})),
                               backgroundColor: colour("bf16"), barThickness: Math.max(2, Math.floor(110 / bins))}]}};
  };
  const box = element("div", {class: "samples"}, element("div", {class: "frame"}, order), element("div", {class: "frame"}, often));
  return {box, description, start: () => { draw(order, makeOrder); draw(often, makeOften); }};
}
