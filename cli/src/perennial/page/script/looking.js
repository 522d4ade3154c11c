// Looking: the data is asked for once a second while somebody looks, with the tag of what is here.
const LOOK = 1000, SLOWEST = 15000;
let etag = "", paused = false, wait = LOOK, timer = 0, asking = false;
function notice(text) { // what is old must not look like now
  fill("problem", text);
  $("problem").hidden = !text;
  document.body.classList.toggle("old", Boolean(text));
}
// `show` is given what is new, `same` is called where nothing is.
async function look(show, same) {
  clearTimeout(timer);
  if (paused || document.hidden || asking) return;
  asking = true;
  try {
    const headers = etag ? { "If-None-Match": etag } : {};
    const answer = await fetch("data", { cache: "no-store", headers, signal: AbortSignal.timeout(SLOWEST) });
    if (answer.status === 200) {
      const next = await answer.json();
      etag = answer.headers.get("ETag") || "";
      show(next);
    } else if (answer.status === 304) {
      same();
    } else {
      throw new Error(`answer ${answer.status}`);
    }
    wait = LOOK;
  } catch (error) {
    wait = Math.min(2 * wait, SLOWEST);
    notice(`The command that serves this page does not answer: it has ended, or is busy. ${etag ? "What you see is what it said last." : ""}`);
  }
  asking = false;
  timer = setTimeout(look, wait, show, same);
}
function follow(show, same) {
  $("pause").hidden = false;
  $("pause").addEventListener("click", () => {
    paused = !paused;
    $("pause").setAttribute("aria-pressed", paused);
    same();
    look(show, same);
  });
  document.addEventListener("visibilitychange", () => look(show, same));
  fill("foot", "Served by perennial on this machine alone.");
  look(show, same);
}
