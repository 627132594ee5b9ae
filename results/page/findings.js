"use strict";
// What a night found: cards of regressions with their evidence, and what they have in common.

const isRefuted = (entry) => entry.measured_again === "refuted";
const isWorse = (finding) => finding.judgement === "regressed" && finding.worth_attention && !isRefuted(finding);
const isBetter = (finding) => finding.judgement === "improved" && finding.worth_attention;
const isSmall = (finding) => finding.judgement !== "steady" && !finding.worth_attention;

/** Findings of one run lie on one card: [{key, findings}]. */
function byRunOf(findings) {
  const groups = new Map();
  for (const finding of findings) {
    const key = `${finding.run_id} ${finding.machine_class}`;
    if (!groups.has(key)) groups.set(key, {...finding, findings: []});
    groups.get(key).findings.push(finding);
  }
  return [...groups.values()];
}

/** The parts of a night: [{name, icon, kind, items}], an item a run; those first that need someone. */
function partsOf(night) {
  const found = (takes) => byRunOf(night.findings.filter(takes));
  return [
    {name: "Regressed", icon: "▲", kind: "bad", items: found(isWorse)},
    {name: "No longer ok", icon: "✕", kind: "bad", items: night.outcomes.filter((change) => change.regressed && !isRefuted(change))},
    {name: "Improved", icon: "▼", kind: "good", items: found(isBetter)},
    {name: "Recovered", icon: "↺", kind: "good", items: found((finding) => finding.recovered)},
    {name: "Not confirmed when measured again", icon: "?", kind: "quiet", items: [...found(isRefuted), ...night.outcomes.filter(isRefuted)]},
    {name: "Ended otherwise", icon: "◆", kind: "quiet", items: night.outcomes.filter((change) => !change.regressed && !isRefuted(change))},
    {name: "Changed by less than the threshold", icon: "≈", kind: "quiet", items: found(isSmall)},
  ];
}

/** Of an entry of a night or of what was told. */
function entryName(entry) {
  return entry.fields ? runName(namedFields(entry.fields)) : entry.run;
}

function entryLink(entry) {
  const name = shortened(entryName(entry), 90);
  return entry.page ? element("a", {href: `${entry.page}#run-${entry.key}`}, name) : element("span", {}, name);
}

const sinceWords = (session) => {
  const known = bitsweep.known.sessions.get(session);
  return known ? `session ${session}, ${day(known.started)}` : `session ${session}`;
};

/** Whose value rose: for better or worse. */
function changeWords(finding) {
  const interval = Number.isFinite(finding.change_low) && Number.isFinite(finding.change_high)
    ? ` (${percent(finding.change_low)} to ${percent(finding.change_high)})` : "";
  return `${percent(finding.change ?? Infinity)}${interval}`;
}

function whyList(sentences, most = sentences.length) {
  if (sentences.length === 0) return element("p", {class: "quiet small"}, "Nothing that was recorded differs from the session before.");
  return element("ul", {class: "why"}, ...sentences.slice(0, most).map((sentence) => element("li", {}, sentence)),
    sentences.length > most ? element("li", {class: "quiet"}, `and ${plural(sentences.length - most, "more difference")}`) : null);
}

/** What changed by how much, a line a metric. */
function moveLine(finding) {
  return element("p", {class: "move"}, element("span", {class: "metric"}, finding.metric),
    element("span", {class: "values"}, `${readable(finding.before, finding.unit)} → ${readable(finding.after, finding.unit)}`),
    element("strong", {}, changeWords(finding)));
}

/** A run with what was found of it and the evidence: values, since when, what differs, the trend. */
function findingCard(run, icon, kind, withCommands) {
  const [first] = run.findings;
  const why = distinct(run.findings.flatMap((finding) => finding.why));
  return element("article", {class: `card ${kind}`},
    element("h4", {}, element("span", {class: "icon", "aria-hidden": "true"}, icon), entryLink(run)),
    ...run.findings.filter(({metric}) => metric !== "throughput" || first.metric === "throughput").map(moveLine),  // of one stream it says the same as the latency
    element("p", {class: "quiet small"}, `Since ${sinceWords(first.since_session)}; seen in ${first.confirmed ? "several sessions" : "this session alone"}${
      first.measured_again ? `, ${first.measured_again} when measured again` : ""}`),
    element("h5", {}, "What differs"),
    whyList(why, withCommands ? undefined : 4),
    run.key ? trendBox(run.key, entryName(run), (trend) => trend.metrics.find((metric) => metric.name === first.metric), 150) : null,
    withCommands ? commandsOf(run) : null);
}

/** Commands that look closer, repeat, or accept. */
function commandsOf(run) {
  return element("details", {class: "commands"}, element("summary", {}, "What to do next"),
    element("p", {class: "quiet small"}, "See all of its evidence; measure it again; or take it as the new baseline:"),
    commandLine(`bitsweep explain ${run.run_id}`),
    commandLine(`bitsweep run FILE --only ${run.run_id}`),
    ...run.findings.map((finding) =>
      commandLine(`bitsweep accept ${run.run_id} --metric ${quoted(finding.metric)} --session ${finding.since_session} --why REASON`)));
}

function outcomeCard(change, icon, kind) {
  return element("article", {class: `card ${kind}`},
    element("h4", {}, element("span", {class: "icon", "aria-hidden": "true"}, icon), entryLink(change)),
    element("p", {class: "move"}, element("strong", {}, `${change.before} → ${change.after}`),
      element("span", {class: "quiet"}, `before: session ${change.before_session}`)),
    change.reason ? element("p", {class: `reason ${change.after}`}, change.reason) : null);
}

function cardOf(item, part, withCommands) {
  return item.findings ? findingCard(item, part.icon, part.kind, withCommands) : outcomeCard(item, part.icon, part.kind);
}

/** What differs in at least half of the runs that regressed, e.g. a library: the likely cause, told once. */
function causesBox(night) {
  const worse = byRunOf(night.findings.filter(isWorse));
  const count = new Map();
  for (const run of worse)
    for (const sentence of distinct(run.findings.flatMap((finding) => finding.why))) count.set(sentence, (count.get(sentence) ?? 0) + 1);
  const causes = [...count].filter(([, times]) => times > 1 && times >= worse.length / 2).sort((a, b) => b[1] - a[1]).slice(0, 4);
  if (causes.length === 0) return null;
  return element("div", {class: "causes"}, element("h3", {}, "What the regressions have in common"), element("ul", {class: "why"},
    ...causes.map(([sentence, times]) => element("li", {}, sentence, element("span", {class: "quiet"}, ` — ${times} of ${plural(worse.length, "run")}`)))));
}

/** The silent changes of a night: as good as before, and yet not the same. */
function silentList(night, most) {
  return element("ul", {class: "why"}, ...night.silent.slice(0, most).map(({what, runs}) => element("li", {},
    what.join("; "), element("span", {class: "quiet"}, ` — ${runs.length === 1 ? shortened(runs[0], 100) : plural(runs.length, "run")}`))));
}
