"use strict";
// All that the latest sessions show, with the evidence, and what was told before.

document.title = "bitsweep: regressions";
const pageful = 20;   // cards of a part that are made at once
const mostTold = 500;  // rows

const searchText = (item) => [entryName(item), item.run, item.run_id, item.reason,
  ...(item.findings ?? []).flatMap((finding) => [finding.metric, ...finding.why])].join(" ").toLowerCase();

/** A part with its cards, a pageful at a time; show(words) leaves those that hold all words, and returns their number. */
function partBox(part) {
  const cards = element("div", {class: "cards"});
  const more = element("button", {type: "button", class: "more"});
  const heading = element("h3");
  const box = element("div", {class: "part"}, heading, cards, more);
  let some = [], shown = 0;
  const add = () => {
    cards.append(...some.slice(shown, shown + pageful).map((item) => cardOf(item, part, true)));
    shown = Math.min(some.length, shown + pageful);
    more.hidden = shown === some.length;
    more.textContent = `Show ${Math.min(pageful, some.length - shown)} more`;
  };
  more.addEventListener("click", add);
  return {box, show(words) {
    some = part.items.filter((item) => words.every((word) => searchText(item).includes(word)));
    shown = 0;
    cards.replaceChildren();
    add();
    heading.textContent = `${part.name}: ${some.length}`;
    box.hidden = some.length === 0;
    return some.length;
  }};
}

function nightBox(night, boxes) {
  return element("section", {},
    element("h2", {}, night.experiment), element("p", {class: "explanation"}, night.headline),
    causesBox(night),
    ...boxes.map(({box}) => box),
    night.silent.length > 0 ? element("details", {class: "part"}, element("summary", {}, "As good as before, but not the same"), silentList(night, 100)) : null,
    boxes.length === 0 && night.silent.length === 0 ? element("p", {class: "empty"}, "Nothing changed.") : null);
}

function writeTold() {
  const rows = data.told.slice(0, mostTold).map((one) => element("tr", {id: `told-${one.id}`},
    element("td", {}, day(one.told)), element("td", {class: "long"}, entryLink(one)), element("td", {}, one.metric), element("td", {class: "long"}, one.what),
    element("td", {}, String(one.session)), element("td", {}, one.ended ? `over since ${day(one.ended)}` : "open"), element("td", {class: "long"}, one.why.slice(0, 3).join("; "))));
  document.getElementById("told").append(
    element("thead", {}, element("tr", {}, ...["told", "run", "metric", "what", "session", "state", "what differed"].map((text) => element("th", {scope: "col"}, text)))),
    element("tbody", {}, ...(rows.length > 0 ? rows : [element("tr", {}, element("td", {colspan: "7"}, "None."))])));
}

const boxesOf = new Map(data.nights.map((night) => [night, partsOf(night).filter((part) => part.items.length > 0).map(partBox)]));
document.getElementById("nights").append(...data.nights.map((night) => nightBox(night, boxesOf.get(night))));

function show() {
  const words = document.getElementById("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const boxes of boxesOf.values()) for (const box of boxes) count += box.show(words);
  document.getElementById("count").textContent = plural(count, "run");
}
document.getElementById("filter").addEventListener("input", show);
document.getElementById("controls").addEventListener("submit", (event) => event.preventDefault());
show();
writeTold();
