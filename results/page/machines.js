"use strict";
// What the results were measured on, and with.

document.title = "bitsweep: machines";

const seenWords = (session) => {
  const known = bitsweep.known.sessions.get(session);
  return known ? `${session}, ${day(known.started)}` : "–";
};

function lines(list, known, cellsOf) {
  return list.filter((one) => one.last !== null).map((one) => element("tr", {}, ...[...cellsOf(known.get(one.id)), seenWords(one.first), seenWords(one.last)].map((text) =>
    element("td", {class: text.length > 40 ? "long" : null}, text))));
}

function writeInto(id, headings, rows) {
  document.getElementById(id).append(element("thead", {}, element("tr", {}, ...headings.map((text) => element("th", {scope: "col"}, text)))), element("tbody", {}, ...rows));
}

writeInto("machines", ["class", "host", "CPU", "instructions", "cores", "GPUs", "memory", "kernel", "governor", "first session", "last session"],
  lines(data.machines, bitsweep.known.machines, (one) => [one.class, one.host, one.cpu, one.isa, `${one.physical_cores} of ${one.logical_cores} (${one.core_set})`, one.gpus || "–",
    readable(one.memory_bytes, "bytes"), one.kernel, one.governor]));
writeInto("software", ["bitsweep", "build", "libraries", "first session", "last session"],
  lines(data.software, bitsweep.known.software, (one) => [one.bitsweep, one.build, librariesOf(one).join(", ")]));

const filter = document.getElementById("filter");
filter.addEventListener("input", () => {
  const words = filter.value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const line of document.querySelectorAll("#machines tbody tr")) line.hidden = !words.every((word) => line.textContent.toLowerCase().includes(word));
});
filter.form.addEventListener("submit", (event) => event.preventDefault());
