// Charts. Each has its numbers beside it as a table, and is drawn anew when light and dark change.

const drawn = new Map();  // canvas → {chart, make}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function draw(canvas, make) {
  drawn.get(canvas)?.chart.destroy();
  drawn.set(canvas, {chart: new Chart(canvas, make()), make});
}

function drawAgain() {
  for (const [canvas, {make}] of drawn) draw(canvas, make);
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
addEventListener("beforeprint", () => { document.documentElement.dataset.printing = ""; drawAgain(); });
addEventListener("afterprint", () => { delete document.documentElement.dataset.printing; drawAgain(); });

function precisionColour(precision) {
  return colour(["fp32", "bf16", "fp16", "int8"].includes(precision) ? precision : "other");
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
      legend: {position: "top", align: "start",
               labels: {color: colour("ink"), usePointStyle: true, pointStyle: "rectRounded", boxWidth: 9, boxHeight: 9, padding: 16}},
      tooltip: {backgroundColor: colour("ink"), titleColor: colour("paper"), bodyColor: colour("paper"), displayColors: false,
                padding: 10, cornerRadius: 4},
    },
  };
}

/** A canvas of this height with a text in its place for those who cannot see it, and its numbers below. */
function chartBox(height, description, headings, rows) {
  const canvas = element("canvas", {role: "img", "aria-label": description});
  const box = element("div", {},
    element("div", {class: "frame", style: `height: ${height}px`}, canvas),
    headings && element("details", {class: "numbers"}, element("summary", {}, "The numbers"),
                        element("div", {class: "scroll"}, plainTable(headings, rows))));
  return {box, canvas};
}

/** groups: [{name, values: [speedup or null]}], one value a series; series: [{name, precision, pruned}] */
function speedupChart(groups, series) {
  const rows = groups.map((group) => [group.name, ...group.values.map((value) => readable(value, "x"))]);
  const description = "Bar chart of speed-up against FP32. " + groups.map((group) => `${group.name}: ` +
    series.map((one, i) => `${one.name} ${readable(group.values[i], "x")}`).join(", ")).join("; ");
  const bars = groups.reduce((sum, group) => sum + group.values.filter((value) => value !== null).length, 0);
  const {box, canvas} = chartBox(90 + bars * 20 + groups.length * 14, description, ["", ...series.map((one) => one.name)], rows);
  const largest = Math.max(1, ...groups.flatMap((group) => group.values.map((value) => value ?? 0)));

  const valuesAndBaseline = {
    id: "valuesAndBaseline",
    beforeDatasetsDraw({ctx, chartArea, scales}) {
      const x = scales.x.getPixelForValue(1);
      ctx.save();
      ctx.strokeStyle = colour("ink");
      ctx.beginPath();
      ctx.moveTo(x, chartArea.top);
      ctx.lineTo(x, chartArea.bottom);
      ctx.stroke();
      ctx.restore();
    },
    afterDatasetsDraw(chart) {
      const {ctx} = chart;
      ctx.save();
      ctx.fillStyle = colour("ink");
      ctx.font = `12px ${Chart.defaults.font.family}`;
      ctx.textBaseline = "middle";
      chart.data.datasets.forEach((dataset, i) => {
        if (!chart.isDatasetVisible(i)) return;
        chart.getDatasetMeta(i).data.forEach((bar, j) => {
          if (dataset.data[j] !== null) ctx.fillText(readable(dataset.data[j], "x"), bar.x + 6, bar.y + 1);
        });
      });
      ctx.restore();
    },
  };
  const make = () => {
    const options = commonOptions();
    options.indexAxis = "y";
    options.scales = {
      x: axis("times as fast as FP32", {beginAtZero: true, suggestedMax: largest * 1.08}),
      y: axis("", {grid: {display: false, drawBorder: false}, ticks: {color: colour("ink"), callback: (_, i) => shortened(groups[i].name)}}),
    };
    options.plugins.tooltip.callbacks = {label: (item) => `${item.dataset.label}: ${readable(item.raw, "x")}`};
    return {
      type: "bar", options, plugins: [valuesAndBaseline],
      data: {
        labels: groups.map((group) => group.name),
        datasets: series.map((one, i) => ({
          label: one.name, data: groups.map((group) => group.values[i]), skipNull: true, maxBarThickness: 16, borderRadius: 2,
          categoryPercentage: .8, barPercentage: .9,
          borderWidth: one.pruned ? 1.5 : 0, borderColor: precisionColour(one.precision),
          backgroundColor: withAlpha(precisionColour(one.precision), one.pruned ? .25 : 1),
        })),
      },
    };
  };
  return {box, start: () => draw(canvas, make)};
}

/** points: [{group, name, precision, pruned, latency, value}] */
function scatterChart(title, unit, points) {
  const rows = points.map((point) => [point.name, readable(point.latency, "ns"), readable(point.value, unit)]);
  const description = `Scatter chart of ${title} against median latency. ` + rows.map((row) => row.join(", ")).join("; ");
  const {box, canvas} = chartBox(360, description, ["", "latency_p50", title], rows);
  const groups = [...new Set(points.map((point) => point.group))];
  const lines = groups.map((group) => points.filter((point) => point.group === group && !point.pruned)
    .sort((a, b) => a.latency - b.latency)).filter((line) => line.length > 0);

  /** The name of each group beside its slowest run, where there is room for it. */
  const names = {
    id: "names",
    afterDatasetsDraw({ctx, scales, chartArea}) {
      const taken = points.map((point) => ({x: scales.x.getPixelForValue(point.latency) - 6, y: scales.y.getPixelForValue(point.value) - 6,
                                            width: 12, height: 12}));
      const collide = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
      ctx.save();
      ctx.fillStyle = colour("quiet");
      ctx.font = `12px ${Chart.defaults.font.family}`;
      ctx.textBaseline = "top";
      for (const line of lines) {
        const last = line[line.length - 1];
        const text = shortened(last.group, 24);
        const [x, y] = [scales.x.getPixelForValue(last.latency), scales.y.getPixelForValue(last.value)];
        const [width, height] = [ctx.measureText(text).width, 13];
        const place = [[x + 9, y - 6], [x - width / 2, y - 22], [x - width / 2, y + 10], [x - width - 9, y - 6]]
          .map(([left, above]) => ({x: left, y: above, width, height}))
          .find((box) => box.x > chartArea.left && box.x + width < chartArea.right + 10 && !taken.some((other) => collide(box, other)));
        if (!place) continue;
        taken.push(place);
        ctx.fillText(text, place.x, place.y);
      }
      ctx.restore();
    },
  };
  const make = () => {
    const options = commonOptions();
    options.layout = {padding: {right: 12}};
    options.scales = {
      x: axis("latency_p50", {type: "logarithmic", grid: {display: false, drawBorder: false},
                              ticks: {callback: (value) => /^[125]/.test(value.toExponential()) ? readable(value, "ns").replace(/\.0+ /, " ") : null}}),
      y: axis(`${title}, ${unit}`, {grace: "12%", ...(unit === "%" && points.some((point) => point.value > 98.5) ? {max: 100} : {})}),
    };
    options.plugins.legend.labels.filter = (item, data) => data.datasets[item.datasetIndex].type !== "line";
    options.plugins.legend.labels.pointStyle = "circle";
    options.plugins.tooltip.filter = (item) => item.dataset.type !== "line";
    options.plugins.tooltip.callbacks = {label: (item) =>
      [item.raw.name, `${readable(item.raw.x, "ns")}, ${readable(item.raw.y, unit)}`]};
    const series = [...new Set(points.map((point) => point.series))];
    return {
      type: "scatter", options, plugins: [names],
      data: {datasets: [
        ...series.map((name) => {
          const some = points.filter((point) => point.series === name);
          const ink = precisionColour(some[0].precision);
          return {label: name, data: some.map((point) => ({x: point.latency, y: point.value, name: point.name})),
                  backgroundColor: some[0].pruned ? withAlpha(ink, .25) : ink, borderColor: ink, borderWidth: some[0].pruned ? 1.5 : 0,
                  pointRadius: 5.5, pointHoverRadius: 7};
        }),
        ...lines.map((line) => ({type: "line", label: "", data: line.map((point) => ({x: point.latency, y: point.value})),
                                 borderColor: colour("line"), borderWidth: 1.5, pointRadius: 0, pointHitRadius: 0})),
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
  const quietOptions = () => {
    const options = commonOptions();
    options.plugins.legend.display = false;
    return options;
  };
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
