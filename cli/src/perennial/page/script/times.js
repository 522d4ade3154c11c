// Times: how long ago it was on a page that is live; when it was in a report, which is read later.
const SECOND = 1000;
let written = null; // when the report was written; null on a live page
const now = () => written ? Date.parse(written) : Date.now();
function span(seconds) {
  const s = Math.abs(Math.round(seconds));
  if (s < 90) return `${s} s`;
  if (s < 90 * 60) return `${Math.round(s / 60)} min`;
  if (s < 36 * 3600) return `${Math.round(s / 3600)} h`;
  return `${Math.round(s / 86400)} days`;
}
function relative(at, style) {
  const seconds = (now() - at) / SECOND;
  if (style === "for") return `for ${span(Math.max(seconds, 0))}`;
  if (seconds < -1) return `in ${span(seconds)}`;
  return seconds < 2 ? "just now" : `${span(seconds)} ago`;
}
function shown(at, style) {
  if (!written || style === "for") return relative(at, style);
  const today = now() - at < 43200 * SECOND;
  return date(at, today ? { timeStyle: "medium" } : { dateStyle: "medium", timeStyle: "short" });
}
const date = (at, options) => new Date(at).toLocaleString(undefined, options);
function when(iso, style = "") {
  const at = Date.parse(iso), full = date(at, { dateStyle: "medium", timeStyle: "medium" });
  return h("time", { datetime: iso, tabindex: 0, "data-style": style, "data-full": full }, shown(at, style));
}
const whenSeconds = (at) => when(new Date(at * SECOND).toISOString());
function growOld() {
  for (const time of document.querySelectorAll("time[data-full]")) {
    const text = shown(Date.parse(time.dateTime), time.dataset.style || "");
    if (time.textContent !== text) time.textContent = text;
  }
}
