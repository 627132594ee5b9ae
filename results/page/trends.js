"use strict";
// The history of a series: its data, which lie in a file of their own, and its chart.

/** What the files in data/ hand over, by the keys of series. */
const bitsweep = (() => {
  const trends = new Map(), newest = new Map(), asked = new Map();
  const known = {sessions: new Map(), machines: new Map(), software: new Map()};
  const byId = (rows) => new Map(rows.map((row) => [row.id, row]));
  return {
    known,
    /** Numbers of columns become columns. */
    trend(one, columns) {
      const count = one.sessions.length;
      const whole = columns.map((column) => column.length === 1 ? new Array(count).fill(column[0]) : column);
      for (const metric of one.metrics) for (const part of ["values", "low", "high"]) if (part in metric) metric[part] = whole[metric[part]];
      trends.set(one.key, one);
    },
    /** Tables become lists of rows with names. */
    newest(key, {facts, samples, ...tables}) {
      const named = ({columns, rows}) => rows.map((row) => Object.fromEntries(columns.map((name, i) => [name, row[i]])));
      const result = {...facts, samples};
      for (const [name, table] of Object.entries(tables)) result[name] = named(table);
      newest.set(key, result);
    },
    circumstances({sessions, machines, software}) {
      known.sessions = byId(sessions);
      known.machines = byId(machines);
      known.software = byId(software);
    },
    /** The history and the newest result of a series. */
    load(key) {
      if (!asked.has(key)) asked.set(key, new Promise((resolve, reject) => {
        const script = element("script", {src: `data/${key}.js`});
        script.addEventListener("load", () => resolve({trend: trends.get(key), newest: newest.get(key)}));
        script.addEventListener("error", () => reject(new Error(`data/${key}.js is missing; copy the whole folder of the report`)));
        document.head.append(script);
      }));
      return asked.get(key);
    },
  };
})();

const outcomeNames = ["ok", "unsupported", "inaccurate", "failed", "timeout", "lost"];

/** [[0, a], [17, b]] → a value a point. */
function everyPoint(stretches, count) {
  const values = new Array(count);
  for (const [i, [from, value]] of stretches.entries()) values.fill(value, from, stretches[i + 1]?.[0] ?? count);
  return values;
}

function librariesOf(software) {
  return JSON.parse(software.libraries).map((library) => `${library.name} ${library.version}`);
}

/** The points of a metric: [{at, session, value, low, high, outcome, software, machine, changed}]; `changed` says what is not as at the point before. */
function trendPoints(trend, metric) {
  const count = trend.sessions.length;
  const {values, low, high} = metric;
  const [machines, software, outcomes] = [trend.machines, trend.software, trend.outcomes].map((list) => everyPoint(list, count));
  let before = null;
  return trend.sessions.map((id, i) => {
    const point = {
      session: bitsweep.known.sessions.get(id) ?? {id, experiment: "", started: ""},
      value: values?.[i] ?? null, low: low?.[i] ?? null, high: high?.[i] ?? null,
      outcome: outcomeNames[outcomes[i]], software: bitsweep.known.software.get(software[i]), machine: bitsweep.known.machines.get(machines[i]),
      changed: [],
    };
    point.at = Date.parse(point.session.started);
    if (before) point.changed = changesBetween(before, point);
    before = point;
    return point;
  });
}

function changesBetween(before, after) {
  const changes = [];
  const compare = (what, a, b) => { if (a !== b) changes.push(`${what}: ${a || "none"} → ${b || "none"}`); };
  if (before.software !== after.software && before.software && after.software) {
    compare("bitsweep", before.software.bitsweep, after.software.bitsweep);
    compare("build", before.software.build, after.software.build);
    compare("libraries", librariesOf(before.software).join(", "), librariesOf(after.software).join(", "));
  }
  if (before.machine !== after.machine && before.machine && after.machine)
    for (const what of ["host", "kernel", "governor", "core_set", "cpu"]) compare(what, before.machine[what], after.machine[what]);
  return changes;
}

/** Whether a library, the build or the machine changed, which is rarer than a new commit of bitsweep. */
const isEnvironmentChange = (point) => point.changed.some((words) => !words.startsWith("bitsweep:"));

/** What the pointer shows of a point. */
function pointWords(point, unit) {
  const interval = point.low !== null && point.high !== null ? ` (${readable(point.low, unit, 1)} to ${readable(point.high, unit, 1)})` : "";
  return [
    point.value === null ? point.outcome : readable(point.value, unit, 1) + interval,
    point.software ? `bitsweep ${point.software.bitsweep}` : "",
    point.software ? librariesOf(point.software).join(", ") : "",
    point.machine ? `${point.machine.host}, ${point.machine.kernel}, ${point.machine.governor}` : "",
    ...point.changed.map((words) => `changed: ${words}`),
  ].filter(Boolean).map((line) => shortened(line, 80));
}
const pointTitle = (point) => `${moment(point.session.started)}, session ${point.session.id}`;

/** Lines of levels, their changes, results that are not ok, and changes of the environment, around the values. */
function trendMarks(points, changes) {
  return {
    id: "trendMarks",
    beforeDatasetsDraw({ctx, chartArea, scales}) {
      ctx.save();
      ctx.strokeStyle = colour("quiet");
      ctx.setLineDash([2, 3]);
      for (const point of points.filter(isEnvironmentChange)) {
        const x = scales.x.getPixelForValue(point.at);
        ctx.beginPath();
        ctx.moveTo(x, chartArea.top);
        ctx.lineTo(x, chartArea.bottom);
        ctx.stroke();
      }
      ctx.restore();
    },
    afterDatasetsDraw({ctx, chartArea, scales}) {
      ctx.save();
      ctx.font = `600 11px ${Chart.defaults.font.family}`;
      const x = (i) => scales.x.getPixelForValue(points[i].at);
      const ends = [0, ...changes.map(([i]) => i), points.length - 1];
      const levels = changes.length > 0 ? [changes[0][1], ...changes.map(([, , after]) => after)] : [];
      ctx.strokeStyle = colour("ink");
      ctx.lineWidth = 2;
      for (const [i, level] of levels.entries()) {
        const y = scales.y.getPixelForValue(level);
        ctx.beginPath();
        ctx.moveTo(x(ends[i]), y);
        ctx.lineTo(x(ends[i + 1]), y);
        ctx.stroke();
      }
      ctx.fillStyle = colour("ink");
      ctx.textAlign = "center";
      for (const [i, before, after] of changes) {
        const words = percent(after / before - 1);
        const width = ctx.measureText(words).width / 2 + 2;
        const at = Math.min(Math.max(x(i), chartArea.left + width), chartArea.right - width);
        ctx.fillText(words, at, chartArea.top - 4);
        ctx.beginPath();  // a wedge that points at the change
        ctx.moveTo(x(i) - 4, chartArea.top);
        ctx.lineTo(x(i) + 4, chartArea.top);
        ctx.lineTo(x(i), chartArea.top + 7);
        ctx.fill();
      }
      ctx.strokeStyle = colour("bad");
      for (const point of points.filter((one) => one.value === null && one.outcome !== "ok" && one.outcome !== "unsupported")) {
        const [centre, y] = [scales.x.getPixelForValue(point.at), chartArea.bottom - 6];
        ctx.beginPath();
        for (const [dx, dy] of [[1, 1], [1, -1]]) {
          ctx.moveTo(centre - 4 * dx, y - 4 * dy);
          ctx.lineTo(centre + 4 * dx, y + 4 * dy);
        }
        ctx.stroke();
      }
      ctx.restore();
    },
  };
}

/** At most `most` of the points' times, evenly chosen, as ticks. */
function dateTicks(points, most) {
  const times = [...new Set(points.map((point) => point.at))];
  const every = Math.max(1, Math.ceil(times.length / most));
  return times.filter((_, i) => (times.length - 1 - i) % every === 0).map((value) => ({value}));
}

function trendTable(points, unit) {
  return plainTable(["session", "value", "95 % interval", "outcome", "bitsweep", "libraries", "host", "changed"], [...points].reverse().map((point) => [
    `${point.session.id}, ${moment(point.session.started)}`, readable(point.value, unit, 1),
    point.low !== null && point.high !== null ? `${readable(point.low, unit, 1)} to ${readable(point.high, unit, 1)}` : "–", point.outcome,
    point.software?.bitsweep ?? "", point.software ? librariesOf(point.software).join(", ") : "", point.machine?.host ?? "", point.changed.join("; ")]));
}

/** The chart of a metric: values, the band of their intervals, levels and change points. */
function trendChart(trend, metric, name, height = 220) {
  const points = trendPoints(trend, metric);
  const {unit, changes} = metric;
  const values = points.filter((point) => point.value !== null);
  const last = values[values.length - 1];
  const description = `${metric.name} of ${name} over ${plural(points.length, "session")}` +
    (last ? `; the latest value is ${readable(last.value, unit, 1)}` : "") + changes.map(([i, before, after]) =>
      `; ${percent(after / before - 1)} from ${day(points[i].session.started)} on`).join("");
  const {box, canvas} = chartBox(height, description, () => trendTable(points, unit));
  box.append(walkWithKeys(canvas, (i) => `${pointTitle(points[i])}: ${pointWords(points[i], unit).join("; ")}`));
  const make = () => {
    const options = quietOptions();
    options.layout = {padding: {top: changes.length > 0 ? 14 : 2}};
    options.interaction = {mode: "nearest", axis: "x", intersect: false};
    options.scales = {
      x: axis("", {type: "linear", grid: {display: false, drawBorder: false}, offset: points.length === 1,
                   min: points[0].at, max: points[points.length - 1].at,
                   afterBuildTicks: (scale) => { scale.ticks = dateTicks(points, Math.max(2, Math.floor(scale.width / 110))); },
                   ticks: {autoSkip: false, callback: (at) => new Date(at).toISOString().slice(0, 10)}}),
      y: axis("", {grace: "15%", ticks: {maxTicksLimit: 5, callback: (value) => readable(value, unit)}}),
    };
    options.plugins.tooltip.filter = (item) => item.datasetIndex === 0;
    options.plugins.tooltip.callbacks = {title: (items) => items.length > 0 ? pointTitle(points[items[0].dataIndex]) : "",
                                         label: (item) => pointWords(points[item.dataIndex], unit)};
    const series = (values, more) => ({data: points.map((point) => ({x: point.at, y: values(point)})), spanGaps: false, ...more});
    const band = {borderWidth: 0, pointRadius: 0, pointHitRadius: 0, pointHoverRadius: 0};
    const ink = colour("trend");
    const datasets = [series((point) => point.value, {borderColor: ink, backgroundColor: ink, borderWidth: 1.5,
      pointRadius: points.length > 120 ? 0 : 2, pointHoverRadius: 5, pointHitRadius: 8})];
    if (metric.low && metric.high)
      datasets.push(series((point) => point.low, {...band, fill: "+1", backgroundColor: withAlpha(ink, .22)}), series((point) => point.high, band));
    return {type: "line", options, plugins: [trendMarks(points, changes)], data: {datasets}};
  };
  return {box, start: () => draw(canvas, make)};
}

/** A small line of the last values, for a table; lower is not better or worse here, only a shape. */
function sparkline(values) {
  if (!values || values.length < 2) return null;
  const [width, height] = [84, 20];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // Noise of 2 % must not look like a landslide.
  const span = Math.max(high - low, .1 * Math.abs(high)) || 1;
  const middle = (low + high) / 2;
  const points = values.map((value, i) => `${(2 + i * (width - 4) / (values.length - 1)).toFixed(1)},${(height / 2 - (value - middle) / span * (height - 4)).toFixed(1)}`);
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  for (const [name, value] of Object.entries({viewBox: `0 0 ${width} ${height}`, width, height, class: "spark", "aria-hidden": "true"})) svg.setAttribute(name, value);
  const line = document.createElementNS("http://www.w3.org/2000/svg", "polyline");
  line.setAttribute("points", points.join(" "));
  svg.append(line);
  return svg;
}

/** Calls start once the element comes near the screen, or is about to be printed. */
const whenSeen = (() => {
  const waiting = new Map();
  const begin = (box) => {
    const start = waiting.get(box);
    waiting.delete(box);
    observer.unobserve(box);
    start?.();
  };
  const observer = new IntersectionObserver((entries) => {
    for (const entry of entries) if (entry.isIntersecting) begin(entry.target);
  }, {rootMargin: "300px"});
  addEventListener("beforeprint", () => { for (const box of [...waiting.keys()]) begin(box); });
  return (box, start) => {
    waiting.set(box, start);
    observer.observe(box);
  };
})();

/** A box that loads the data of a series and shows its trend when it is seen; `metricOf` picks the metric of the trend. */
function trendBox(key, name, metricOf, height) {
  const box = element("div", {class: "trend"}, element("div", {class: "waiting", style: `height: ${height ?? 220}px`}));
  whenSeen(box, async () => {
    try {
      const {trend} = await bitsweep.load(key);
      const metric = metricOf(trend);
      if (!metric) {
        box.replaceChildren(element("p", {class: "empty"}, "There are no values of this metric."));
        return;
      }
      const chart = trendChart(trend, metric, name, height);
      box.replaceChildren(chart.box);
      chart.start();
    } catch (error) {
      box.replaceChildren(element("p", {class: "empty"}, error.message));
    }
  });
  return box;
}
