// Models: what serves and why, what comes next, and the attempts with their verdicts.
const SHOWN = 10;
const GOOD = new Set(["Promoted", "Adopted"]);
const SIGNS = { Promoted: "▲", Candidate: "◆", Rejected: "=", Inconclusive: "?", Refused: "✕", Superseded: "↷", Adopted: "▲" };
let all = false;
function showServing() {
  const { serving } = page;
  if (!changed("serving", serving)) return;
  if (!serving) {
    put("serving", h("p", { class: "empty" }, "Nothing answers yet: events wait in Kafka until the first model serves."));
    return;
  }
  const judged = serving.loss === null ? "" : `, ${serving.metric} ${number(serving.loss, 4)} when it was judged last`;
  put("serving", h("p", { class: "big" }, h("span", { class: "id" }, serving.version)),
    h("p", {}, "since ", when(serving.since), judged), h("p", {}, sentence(serving.why)));
}
function showNext() {
  const { labels, running, next } = page;
  if (!changed("next", labels, running, next)) return;
  put("next", ...(running ? underWay(running) : []), ...(labels ? [towards(labels)] : []),
    h("p", {}, next.text, ...(next.at ? [" ", when(next.at)] : [])));
}
function underWay(running) {
  return [h("p", { class: "big" }, `Attempt ${running.number} runs${running.stage ? `: ${running.stage}` : ""}`),
    h("p", { class: "quiet" }, `started by ${words(running.trigger).toLowerCase()}, `, when(running.started)),
    running.problem ? h("p", { class: "act-text" }, running.problem) : ""];
}
function towards(labels) {
  const bar = { max: labels.threshold, value: Math.min(labels.new, labels.threshold), "aria-label": "New labels towards the threshold" };
  return h("p", {}, h("progress", bar), h("strong", {}, number(labels.new)),
    ` of ${number(labels.threshold)} new labels; ${number(labels.total)} in all`);
}

function verdict(each) {
  if (each.takenBack) return h("span", { class: "badge act" }, `✕ ${short(each.version)} taken back`);
  const kind = GOOD.has(each.outcome) ? "well" : each.level === "act" ? "act" : each.outcome === "Candidate" ? "waits" : "kept";
  return h("span", { class: `badge ${kind}` }, `${SIGNS[each.outcome] || "•"} ${each.outcome}`, each.version ? ` ${short(each.version)}` : "");
}
const cell = (name, kind, ...children) => h("td", { role: "cell", "data-name": name, class: kind }, ...children);
function lossesOf(each) {
  if (each.championLoss === null) return [number(each.challengerLoss, 3)];
  const served = (loss, kept) => h(kept ? "strong" : "span", {}, number(loss, 3));
  return [served(each.championLoss, !each.version), h("span", { "aria-hidden": "true" }, " → "),
    h("span", { class: "unseen" }, " of the champion, of the challenger "), served(each.challengerLoss, each.version)];
}
function attemptRow(each) {
  return h("tr", { role: "row", "data-number": each.number },
    h("th", { role: "rowheader", scope: "row" }, `#${each.number}`, " ", h("span", { class: "small" }, words(each.trigger))),
    h("td", { role: "cell" }, verdict(each)),
    cell("Log loss", "number", ...lossesOf(each)), cell("Sure", "number", percent(each.confidence, 0)),
    cell("Judged on", "number", `${number(each.judged)} rows`), cell("Ended", "end", when(each.ended)),
    h("td", { role: "cell", class: "whole" }, sentence(each.why), each.remedy ? h("p", { class: "act-text" }, each.remedy) : "", candidates(each)));
}
function candidates(each) {
  if (!each.candidates.length) return "";
  const rows = each.candidates.map((one) => h("tr", {}, h("th", { scope: "row" }, one.name),
    amount(number(one.loss, 4)), amount(number(one.gain, 4)), amount(percent(one.confidence, 0))));
  const head = h("tr", {}, heading("Candidate"), heading("Log loss", "number"), heading("Gain", "number"), heading("Sure", "number"));
  return h("details", {}, h("summary", {}, `${each.candidates.length} candidates`),
    h("table", {}, h("thead", {}, head), h("tbody", {}, ...rows)));
}
function showAttempts() {
  const { attempts, earlier } = page;
  $("no-attempts").hidden = attempts.length > 0;
  $("attempts-table").hidden = !attempts.length;
  placeRows($("attempts-rows"), all ? attempts : attempts.slice(0, SHOWN));
  $("more").hidden = attempts.length <= SHOWN;
  fill("more", all ? "Show the newest alone" : `Show ${attempts.length - SHOWN} more`);
  $("more").setAttribute("aria-expanded", all);
  fill("earlier", earlier ? `${number(earlier)} earlier ones are not listed.` : "");
}
// Rows that stay are left alone, with what is open in them.
function placeRows(body, listed) {
  const rows = new Map([...body.children].map((row) => [row.dataset.number, row]));
  let next = body.firstChild;
  for (const each of listed) {
    const key = String(each.number), old = rows.get(key);
    let row = old;
    if (changed(`attempt ${key}`, each) || !old) row = attemptRow(each);
    if (old && old !== row) { if (next === old) next = row; old.replaceWith(row); }
    if (row === next) next = next.nextSibling;
    else body.insertBefore(row, next);
    rows.delete(key);
  }
  for (const [key, row] of rows) { row.remove(); drawn.delete(`attempt ${key}`); }
}
