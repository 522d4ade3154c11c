// Overview of several pipelines: one line each, which leads to its page.
let overview = null;
function line(each) {
  const labels = each.labels;
  return h("tr", { role: "row" },
    h("th", { role: "rowheader", scope: "row", class: "whole" }, h("a", { href: each.address }, each.name), " ", h("span", { class: "small" }, each.namespace)),
    h("td", { role: "cell", class: "whole" }, h("span", { class: `badge ${each.state.level}` }, each.state.word), " ", sentence(each.state.summary)),
    h("td", { role: "cell", "data-name": "Serves" }, each.version ? short(each.version) : "–", " ", each.since ? when(each.since, "for") : ""),
    h("td", { role: "cell", "data-name": "Log loss", class: "number" }, number(each.loss, 3)),
    h("td", { role: "cell", "data-name": "New labels", class: "number" }, labels ? `${number(labels.new)} of ${number(labels.threshold)}` : "–"));
}
function show(next) {
  overview = next;
  $("main").hidden = false;
  notice(next.problem);
  const { pipelines } = next;
  $("no-pipelines").hidden = pipelines.length > 0;
  $("pipelines-table").hidden = !pipelines.length;
  if (changed("pipelines", pipelines)) put("pipelines-rows", ...pipelines.map(line));
  growOld();
}
function same() {
  fill("kind", paused ? "paused" : "live");
  $("kind").className = `quiet ${paused ? "" : "live"}`;
  if (!overview) return;
  notice(overview.problem);
  growOld();
}
follow(show, same);
