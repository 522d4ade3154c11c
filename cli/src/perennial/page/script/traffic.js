// Traffic: answers going by one at a time, counts, lag and dead letters.
const KEPT = 10; // answers
const COUNTS = { sent: "Events sent", answered: "Answered", lost: "Lost", doubled: "Answered twice", skipped: "Lost to retention" };
const waiting = [];
let pace = 0;
function right(each) {
  if (each.right === null) return h("span", { class: "small" }, "not yet");
  return each.right ? h("span", { class: "badge well" }, "✓ right") : h("span", { class: "badge act" }, "✕ wrong");
}
function answerRow(each, kind) {
  return h("tr", { "data-id": each.id, class: kind }, h("th", { scope: "row", class: "id" }, each.id), h("td", {}, each.label),
    amount(number(each.probability, 3)), h("td", {}, short(each.model)), h("td", {}, right(each)));
}
function showAnswers() {
  const { answers } = page, body = $("answers-rows");
  $("no-answers").hidden = answers.length > 0;
  $("answers-table").hidden = !answers.length;
  if (!changed("answers", answers)) return;
  const shown = new Map([...body.children].map((row) => [row.dataset.id, row]));
  const fresh = answers.filter((each) => !shown.has(each.id)).reverse();
  for (const each of answers) { // a label has come
    const row = shown.get(each.id);
    if (row) row.lastChild.replaceChildren(right(each));
  }
  waiting.splice(0, waiting.length, ...fresh);
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (written || still || !shown.size) while (waiting.length) goBy("");
  else spread();
}
function spread() { // over the time until the next look
  clearTimeout(pace);
  if (!waiting.length || paused) return;
  const pause = LOOK / (waiting.length + 1);
  goBy("fresh");
  pace = setTimeout(spread, pause);
}
function goBy(kind) {
  const body = $("answers-rows");
  body.prepend(answerRow(waiting.shift(), kind));
  while (body.children.length > KEPT) body.lastChild.remove();
}
function showRecords() {
  const { records, lag, deadLetters, uncounted } = page;
  if (!changed("records", records, lag, deadLetters, uncounted)) return;
  const facts = Object.entries(COUNTS).filter(([name]) => records[name] !== null).map(([name, text]) => [text, number(records[name])]);
  for (const each of lag || []) facts.push([`Lag of ${each.topic}`, number(each.records)]);
  $("records").replaceChildren(...facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));
  $("no-records").hidden = facts.length > 0;
  showDead(deadLetters || [], deadLetters === null, uncounted);
}
function showDead(dead, unknown, uncounted) {
  fill("no-dead", unknown ? "Nobody has counted them." : "None: every event could be read.");
  $("no-dead").hidden = dead.length > 0;
  $("dead-table").hidden = !dead.length;
  fill("uncounted", uncounted ? `${number(uncounted)} older ones were not read.` : "");
  $("dead-rows").replaceChildren(...dead.map((each) =>
    h("tr", {}, h("th", { scope: "row" }, words(each.reason)), amount(number(each.count)), h("td", {}, each.remedy))));
}
